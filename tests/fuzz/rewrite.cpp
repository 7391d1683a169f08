// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"
#include "fuzz/memory_file.hpp"

#include <regctl/ops/map.hpp>

#include <algorithm>

namespace {

/// A map that names a registry by few letters, so that references are found soon.
constexpr const char* k_map =
    R"({"from":"docker://a:1","to":"docker://b","source":"x/y","destination":"z","tag":"1",)"
    R"("outcome":"kept","id":null,"digest":null,"media_type":null,"config_digest":null,)"
    R"("notes":[],"layers":[]})";

class Text final : public regctl::Sink {
public:
  void write(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  std::string text;
};

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

/// Where nothing is replaced the text stays as it was, and lines stay lines.
void fuzz(const std::string& input) {
  static const MemoryFile map(k_map);
  for (const bool pin : {false, true}) {
    regctl::ops::RewriteOptions options;
    options.pin = pin;
    Text out;
    const auto source = regctl::make_view_source(input);
    const auto done = regctl::ops::rewrite_references(
        map.name(), options, *source, out, [&](const regctl::ops::RemarkedReference& one) {
          if (one.line == 0 || one.line > count_lines(input) + 1 ||
              input.find(one.text) == std::string::npos) {
            __builtin_trap();
          }
        });
    if (count_lines(out.text) != count_lines(input) ||
        (done.replaced == 0) != (out.text == input)) {
      __builtin_trap();
    }
  }
}
