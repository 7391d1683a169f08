// SPDX-License-Identifier: Apache-2.0
#include "ops/map/map_writer.hpp"

#include <regctl/base/json.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace regctl::ops {

namespace {

constexpr const char* k_waiting = "the lines of the map in a temporary file";

} // namespace

MapWriter::MapWriter(const std::string& path)
    : file_(path), waiting_(std::make_shared<const FileDescriptor>(make_temporary_file())) {}

void MapWriter::add(const MapLine& line) {
  auto mirror = line.from + '\n' + line.to;
  if (mirror != mirror_) {
    mirror_ = std::move(mirror);
    ++mirrors_;
  }
  const auto text = dump_json(to_json(line)) + "\n";
  write_fully_at(waiting_->get(), size_bytes_, as_bytes(text), k_waiting);
  entries_.push_back(
      {mirrors_, line.source + '\0' + line.tag, size_bytes_, size_bytes_ + text.size()});
  size_bytes_ += text.size();
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
