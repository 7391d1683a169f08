// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::registry::v1 {

/// How the usual pushers print an image's JSON, which JavaScript's JSON.parse and JSON.stringify do
/// not keep.
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

/// Every text in one of the styles that JSON.stringify would print as `printed`, each once, most
/// likely first: `preferred` (what was right for another image of the server), then engines' styles
/// if an engine made it.
std::vector<JsonCandidate> original_json_candidates(std::string_view printed,
                                                    std::optional<JsonStyle> preferred);

/// The style that was right for the last image of a server. Thread-safe.
class LearntStyle {
public:
  [[nodiscard]] std::optional<JsonStyle> get() const;
  void set(JsonStyle style);

private:
  mutable std::mutex mutex_;
  std::optional<JsonStyle> style_;
};

} // namespace regctl::registry::v1
