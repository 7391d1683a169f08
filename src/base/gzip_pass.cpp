// SPDX-License-Identifier: Apache-2.0
#include "base/gzip_decoder.hpp"

#include <regctl/base/gzip_pass.hpp>

#include <utility>
#include <vector>

namespace regctl {

namespace {

constexpr std::string_view k_magic = "\x1f\x8b\x08";

class PassingSource final : public Source {
public:
  PassingSource(std::unique_ptr<Source> source,
                std::function<void(std::span<const std::byte>)> on_unpacked, GzipPass& pass,
                std::string what)
      : source_(std::move(source)), on_unpacked_(std::move(on_unpacked)), pass_(pass),
        decoder_(std::move(what)), input_(k_buffer_bytes), unpacked_(k_buffer_bytes) {}

  std::size_t read(std::span<std::byte> out) override {
    while (passed_ == ready_.size() && !is_over_) {
      ready_.clear();
      passed_ = 0;
      const auto n = source_->read(input_);
      if (n == 0) {
        end();
      } else {
        take(std::span<const std::byte>(input_).first(n));
      }
    }
    const auto n = copy_some(as_bytes(ready_).subspan(passed_), out);
    passed_ += n;
    return n;
  }

private:
  void take(std::span<const std::byte> bytes) {
    while (!bytes.empty() && !pass_.has_trailing_bytes) {
      if (is_in_member_) {
        bytes = bytes.subspan(unpack(bytes));
        continue;
      }
      // Between members: their first bytes may come in two pieces.
      beginning_ += static_cast<char>(bytes.front());
      bytes = bytes.subspan(1);
      if (!k_magic.starts_with(beginning_)) {
        pass_.has_trailing_bytes = true;
      } else if (beginning_ == k_magic) {
        begin_member();
      }
    }
  }

  void begin_member() {
    decoder_.begin_member();
    is_in_member_ = true;
    const auto head = std::exchange(beginning_, {});
    unpack(as_bytes(head));
  }

  /// Unpacks, and passes the bytes on that belong to the member. Returns how many those are.
  std::size_t unpack(std::span<const std::byte> bytes) {
    std::size_t used = 0;
    bool is_full = true;
    while (is_in_member_ && (used < bytes.size() || is_full)) {
      const auto step = decoder_.decode(bytes.subspan(used), unpacked_);
      used += step.packed_bytes;
      is_full = step.plain_bytes == unpacked_.size();
      is_in_member_ = !step.is_member_over;
      if (step.plain_bytes > 0) {
        on_unpacked_(std::span<const std::byte>(unpacked_).first(step.plain_bytes));
      }
      decoder_.check(step.fault);
    }
    ready_.append(reinterpret_cast<const char*>(bytes.data()), used);
    return used;
  }

  void end() {
    if (is_in_member_) {
      decoder_.fail_at_end();
    }
    pass_.has_trailing_bytes = pass_.has_trailing_bytes || !beginning_.empty();
    is_over_ = true;
  }

  std::unique_ptr<Source> source_;
  std::function<void(std::span<const std::byte>)> on_unpacked_;
  GzipPass& pass_;
  GzipDecoder decoder_;
  std::vector<std::byte> input_;
  std::vector<std::byte> unpacked_;
  std::string beginning_; // of what may be the next member
  std::string ready_;     // packed bytes that are known to belong to a member
  std::size_t passed_ = 0;
  bool is_in_member_ = false;
  bool is_over_ = false;
};

} // namespace

std::unique_ptr<Source> make_gzip_pass(std::unique_ptr<Source> source,
                                       std::function<void(std::span<const std::byte>)> on_unpacked,
                                       GzipPass& pass, std::string what) {
  return std::make_unique<PassingSource>(std::move(source), std::move(on_unpacked), pass,
                                         std::move(what));
}

} // namespace regctl
