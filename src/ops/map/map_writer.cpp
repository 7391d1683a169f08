// SPDX-License-Identifier: Apache-2.0
#include "ops/map/map_writer.hpp"

#include <regctl/base/json.hpp>
#include <regctl/base/lines.hpp>

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>
#include <utility>

namespace regctl::ops {

namespace {

constexpr const char* k_waiting = "the lines of the map in a temporary file";

} // namespace

MapWriter::MapWriter(const std::string& path)
    : path_(path), file_(path),
      waiting_(std::make_shared<const FileDescriptor>(make_temporary_file())) {}

std::size_t MapWriter::number_of(const std::string& mirror) {
  return mirrors_.emplace(mirror, mirrors_.size()).first->second;
}

void MapWriter::add(const MapLine& line) {
  const auto mirror = number_of(line.from + '\n' + line.to);
  const auto text = dump_json(to_json(line)) + "\n";
  write_fully_at(waiting_->get(), size_bytes_, as_bytes(text), k_waiting);
  entries_.push_back(
      {mirror, line.source + '\0' + line.tag, size_bytes_, size_bytes_ + text.size()});
  size_bytes_ += text.size();
}

std::uint64_t MapWriter::keep_earlier() {
  std::error_code problem; // then opening the file tells
  if (!std::filesystem::exists(path_, problem) && !problem) {
    return 0;
  }
  std::set<std::pair<std::size_t, std::string>> added;
  for (const auto& entry : entries_) {
    added.emplace(entry.mirror, entry.name);
  }
  std::uint64_t kept = 0;
  LineReader lines(path_, k_map_line_bytes);
  while (const auto text = lines.next()) {
    const auto line = parse_map_line(*text, lines.where());
    const auto mirror = number_of(line.from + '\n' + line.to);
    if (!added.contains({mirror, line.source + '\0' + line.tag})) {
      add(line);
      ++kept;
    }
  }
  return kept;
}

void MapWriter::commit() {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.mirror, a.name) < std::tie(b.mirror, b.name);
  });
  for (const auto& entry : entries_) {
    pump(*make_range_source(waiting_, entry.begin, entry.end - entry.begin, k_waiting), file_);
  }
  file_.commit();
}

} // namespace regctl::ops
