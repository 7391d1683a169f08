// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/record_sorter.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace regctl {

namespace {

constexpr const char* k_what = "a temporary file";
constexpr std::size_t k_smallest_buffer_bytes = 1024;
constexpr std::size_t k_largest_buffer_bytes = 128 * 1024;

using Length = std::uint32_t;

} // namespace

std::uint64_t RecordFile::append(std::string_view bytes) {
  std::uint64_t offset = 0;
  {
    const std::lock_guard lock(mutex_);
    offset = size_bytes_;
    size_bytes_ += bytes.size();
  }
  write_fully_at(file_->get(), offset, as_bytes(bytes), k_what);
  return offset;
}

RecordSorter::RecordSorter(std::shared_ptr<RecordFile> file, std::size_t memory_bytes)
    : memory_bytes_(memory_bytes) {
  sorted_.file = std::move(file);
}

void RecordSorter::add(std::string_view record) {
  const auto held = texts_.size() + places_.size() * sizeof places_.front();
  if (!places_.empty() && held + record.size() > memory_bytes_) {
    write_run();
  }
  places_.emplace_back(texts_.size(), record.size());
  texts_ += record;
}

SortedRecords RecordSorter::finish() {
  write_run();
  return std::move(sorted_);
}

void RecordSorter::write_run() {
  check_interrupted();
  if (places_.empty()) {
    return;
  }
  const auto text = [&](const auto& place) {
    return std::string_view(texts_).substr(place.first, place.second);
  };
  std::sort(places_.begin(), places_.end(),
            [&](const auto& one, const auto& other) { return text(one) < text(other); });
  std::string run;
  run.reserve(texts_.size() + places_.size() * sizeof(Length));
  for (const auto& place : places_) {
    const auto size = static_cast<Length>(place.second);
    run.append(reinterpret_cast<const char*>(&size), sizeof size);
    run += text(place);
  }
  sorted_.runs.push_back({sorted_.file->append(run), run.size()});
  texts_.clear();
  places_.clear();
}

/// Reads one run.
class RecordMerge::Reader {
public:
  Reader(const SortedRecords& list, const SortedRecords::Run& run, std::size_t number,
         std::size_t buffer_bytes)
      : source_(make_range_source(list.file->descriptor(), run.offset, run.size_bytes, k_what)),
        list_(number), buffer_bytes_(buffer_bytes), left_(run.size_bytes) {}

  bool next() {
    begin_ += size_;
    size_ = 0;
    if (begin_ == buffer_.size() && left_ == 0) {
      return false;
    }
    hold(sizeof(Length));
    Length size = 0;
    std::memcpy(&size, buffer_.data() + begin_, sizeof size);
    begin_ += sizeof size;
    hold(size);
    size_ = size;
    return true;
  }

  [[nodiscard]] std::string_view record() const noexcept {
    return std::string_view(buffer_).substr(begin_, size_);
  }
  [[nodiscard]] std::size_t list() const noexcept { return list_; }

private:
  /// Has at least so many bytes from begin_ on in the buffer.
  void hold(std::size_t bytes) {
    if (buffer_.size() - begin_ >= bytes) {
      return;
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    const auto held = buffer_.size();
    const auto wanted = std::min<std::uint64_t>(left_, std::max(bytes, buffer_bytes_) - held);
    buffer_.resize(held + static_cast<std::size_t>(wanted));
    left_ -= read_fully(*source_, std::as_writable_bytes(std::span(buffer_)).subspan(held));
    if (buffer_.size() < bytes) {
      throw Error(ErrorKind::local_io, std::string(k_what) + " is damaged");
    }
  }

  std::unique_ptr<Source> source_;
  std::size_t list_;
  std::size_t buffer_bytes_;
  std::uint64_t left_;
  std::string buffer_;
  std::size_t begin_ = 0; ///< of the record
  std::size_t size_ = 0;
};

namespace {

/// For a heap whose first element is the least one.
constexpr auto k_is_later = [](const auto& one, const auto& other) {
  const auto order = one->record().compare(other->record());
  return order > 0 || (order == 0 && one->list() > other->list());
};

} // namespace

RecordMerge::RecordMerge(const std::vector<SortedRecords>& lists) {
  std::size_t runs = 0;
  for (const auto& list : lists) {
    runs += list.runs.size();
  }
  const auto buffer_bytes = std::clamp(k_memory_bytes / std::max<std::size_t>(runs, 1),
                                       k_smallest_buffer_bytes, k_largest_buffer_bytes);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    for (const auto& run : lists[i].runs) {
      auto reader = std::make_unique<Reader>(lists[i], run, i, buffer_bytes);
      if (reader->next()) {
        readers_.push_back(std::move(reader));
      }
    }
  }
  std::make_heap(readers_.begin(), readers_.end(), k_is_later);
}

RecordMerge::~RecordMerge() = default;

bool RecordMerge::next() {
  if (has_current_) {
    if (readers_.back()->next()) {
      std::push_heap(readers_.begin(), readers_.end(), k_is_later);
    } else {
      readers_.pop_back();
    }
  }
  has_current_ = !readers_.empty();
  if (has_current_) {
    std::pop_heap(readers_.begin(), readers_.end(), k_is_later);
  }
  return has_current_;
}

std::string_view RecordMerge::record() const noexcept {
  return readers_.back()->record();
}

std::size_t RecordMerge::list() const noexcept {
  return readers_.back()->list();
}

} // namespace regctl
