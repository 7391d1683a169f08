// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz.hpp"

#include <regctl/base/stream.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/ops/flatten.hpp>

#include <algorithm>
#include <set>

using namespace regctl;

namespace {

constexpr std::size_t k_block_bytes = 512;

class TextSink final : public Sink {
public:
  void write(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  std::string text;
};

/// A tar whose headers have right sums: mutations seldom make one.
std::string with_sums(std::string tar) {
  for (std::size_t at = 0; at + k_block_bytes <= tar.size(); at += k_block_bytes) {
    if (tar.compare(at + 257, 5, "ustar") != 0) {
      continue;
    }
    std::fill_n(tar.begin() + static_cast<std::ptrdiff_t>(at) + 148, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = 0; i < k_block_bytes; ++i) {
      sum += static_cast<unsigned char>(tar[at + i]);
    }
    for (std::size_t i = 6; i-- > 0; sum /= 8) {
      tar[at + 148 + i] = static_cast<char>('0' + sum % 8);
    }
    tar[at + 154] = '\0';
  }
  return tar;
}

} // namespace

/// The first two bytes say how many blocks the two lower layers have; the third one has the rest.
void fuzz(const std::string& input) {
  if (input.size() < 2) {
    return;
  }
  std::vector<ops::FlatLayer> layers;
  std::size_t at = 2;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto blocks = i < 2 ? static_cast<unsigned char>(input[i]) : input.size();
    const auto tar = with_sums(input.substr(std::min(at, input.size()), blocks * k_block_bytes));
    at += tar.size();
    layers.push_back({[tar] { return make_text_source(tar); }, "a layer"});
  }
  TextSink sink;
  ops::flatten(layers, sink);
  std::set<std::string> names;
  TarReader reader(make_view_source(sink.text), "the result");
  while (const auto entry = reader.next()) {
    if ((entry->type == '1' && !names.contains(entry->link_name)) || entry->name.empty()) {
      __builtin_trap(); // a link stands behind its file
    }
    names.insert(entry->name);
  }
  if (!reader.has_end_mark()) {
    __builtin_trap();
  }
}
