// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::registry::v1 {

/// The ways in which common clients print an image's JSON. A server that parses it and prints it
/// again in JavaScript loses them.
enum class JsonStyle {
  printed,      ///< as JSON.stringify prints it
  printed_line, ///< the same and "\n"
  engine,       ///< Docker's engines (Go): <, >, & and U+2028/9 escaped
  engine_line,  ///< engines up to 1.5, which end the text with "\n"
  python,       ///< Python's json.dumps: a space after "," and ":", only ASCII
  python_utf8,  ///< the same with ensure_ascii=False
};

struct JsonCandidate {
  JsonStyle style;
  std::string text;
};

/// All texts in one of the styles that JavaScript would print as `printed`, each once, most likely
/// first: in the `preferred` style, which was right for another image of the server, then in
/// engines' styles if an engine made the image.
std::vector<JsonCandidate> original_json_candidates(std::string_view printed,
                                                    std::optional<JsonStyle> preferred);

/// Remembers the style that was right for the last image of a server. Thread-safe.
class LearntStyle {
public:
  [[nodiscard]] std::optional<JsonStyle> get() const;
  void set(JsonStyle style);

private:
  mutable std::mutex mutex_;
  std::optional<JsonStyle> style_;
};

} // namespace regctl::registry::v1
