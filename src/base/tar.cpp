// SPDX-License-Identifier: Apache-2.0
#include "base/tar_header.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/tar.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace regctl {

bool is_sparse(const TarEntry& entry, const TarExtensions& extensions) {
  const auto first = extensions.lower_bound("GNU.sparse.");
  return entry.type == 'S' ||
         (first != extensions.end() && first->first.starts_with("GNU.sparse."));
}

class TarReader::Impl final : public Source {
public:
  Impl(std::unique_ptr<Source> source, std::string what)
      : source_(std::move(source)), what_(std::move(what)) {}

  std::optional<TarEntry> next() {
    skip_rest();
    auto& pax = extensions_;
    pax.clear();
    std::string long_name;
    std::string long_link;
    while (auto entry = read_header()) {
      const auto size = entry->size_bytes;
      if (entry->type == 'x') {
        pax = parse_pax(read_extension(size), what_);
      } else if (entry->type == 'L') {
        long_name = read_extension(size);
      } else if (entry->type == 'K') {
        long_link = read_extension(size);
      } else if (entry->type == 'g') {
        begin_data(size); // a global PAX header: it says nothing about single entries
        skip_rest();
      } else {
        apply_long_names(*entry, long_name, long_link);
        apply_pax(pax, *entry, what_);
        entry->data_offset = offset_;
        begin_data(entry->size_bytes);
        return entry;
      }
    }
    return std::nullopt;
  }

  /// Reads the current entry's data.
  std::size_t read(std::span<std::byte> out) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_bytes_));
    if (wanted == 0) {
      return 0;
    }
    const auto n = source_->read(out.first(wanted));
    if (n == 0) {
      cut();
    }
    left_bytes_ -= n;
    offset_ += n;
    return n;
  }

  [[nodiscard]] const TarExtensions& extensions() const noexcept { return extensions_; }
  [[nodiscard]] bool has_end_mark() const noexcept { return has_end_mark_; }

private:
  [[noreturn]] void cut() const {
    throw Error(ErrorKind::protocol, what_ + ": the tar file ends in the middle of an entry");
  }

  static void apply_long_names(TarEntry& entry, const std::string& name, const std::string& link) {
    if (!name.empty()) {
      entry.name = name.substr(0, name.find('\0'));
    }
    if (!link.empty()) {
      entry.link_name = link.substr(0, link.find('\0'));
    }
  }

  /// Nothing at the end, which is zero blocks, or the end of the stream where a header would begin.
  std::optional<TarEntry> read_header() {
    if (ended_) {
      return std::nullopt;
    }
    TarBlock block{};
    const auto n = read_fully(*source_, block);
    offset_ += n;
    if (n == 0 || (n == block.size() && is_zero(block))) {
      ended_ = true;
      has_end_mark_ = n > 0;
      return std::nullopt;
    }
    if (n < block.size()) {
      cut();
    }
    return parse_tar_header(block, what_);
  }

  std::string read_extension(std::uint64_t size_bytes) {
    if (size_bytes > k_tar_name_limit_bytes) {
      throw Error(ErrorKind::protocol, what_ + ": an extended tar header is larger than " +
                                           std::to_string(k_tar_name_limit_bytes) + " bytes");
    }
    begin_data(size_bytes);
    auto text = read_text(*this, k_tar_name_limit_bytes, what_);
    skip_rest();
    return text;
  }

  void begin_data(std::uint64_t size_bytes) {
    left_bytes_ = size_bytes;
    padding_bytes_ = tar_padding_bytes(size_bytes);
  }

  void skip_rest() {
    const auto rest = left_bytes_ + std::exchange(padding_bytes_, 0);
    if (rest == 0) {
      return;
    }
    const auto skipped = source_->skip(rest);
    offset_ += skipped;
    // The last entry's padding may be missing: some writers leave it out.
    if (skipped < left_bytes_) {
      cut();
    }
    left_bytes_ = 0;
  }

  std::unique_ptr<Source> source_;
  std::string what_;
  TarExtensions extensions_; // of the current entry
  std::uint64_t offset_ = 0;
  std::uint64_t left_bytes_ = 0;
  std::size_t padding_bytes_ = 0;
  bool ended_ = false;
  bool has_end_mark_ = false;
};

TarReader::TarReader(std::unique_ptr<Source> source, std::string what)
    : impl_(std::make_unique<Impl>(std::move(source), std::move(what))) {}
TarReader::~TarReader() = default;

std::optional<TarEntry> TarReader::next() {
  return impl_->next();
}
Source& TarReader::data() {
  return *impl_;
}
const TarExtensions& TarReader::extensions() const noexcept {
  return impl_->extensions();
}
bool TarReader::has_end_mark() const noexcept {
  return impl_->has_end_mark();
}

} // namespace regctl
