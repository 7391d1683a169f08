// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/flatten.hpp"

#include "fuzz/fuzz.hpp"
#include "ops/flatten/image_files.hpp"
#include "ops/flatten/layer_files.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/base/tar.hpp>

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

/// Lists the files of the layers, as for a comparison.
void list_files(const std::vector<ops::FlatLayer>& layers) {
  try {
    const auto file = std::make_shared<RecordFile>();
    std::vector<SortedRecords> records;
    for (const auto& layer : layers) {
      records.push_back(ops::read_layer_content(*layer.open(), layer.what, file).files);
    }
    ops::ImageFilesReader reader(ops::make_image_files(records, file));
    while (const auto entry = reader.next()) {
      if (entry->path.starts_with('/')) {
        __builtin_trap();
      }
    }
  } catch (const Error&) { // flatten() may still take them
  }
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
  list_files(layers);
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
