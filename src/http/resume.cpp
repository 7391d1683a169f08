// SPDX-License-Identifier: Apache-2.0
#include "http/content_range.hpp"
#include "http/retry.hpp"

#include <regctl/base/crc32.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/http/resume.hpp>

#include <algorithm>

namespace regctl::http {

namespace {

/// The overlap: long enough not to match by chance, short enough to cost nothing.
constexpr std::size_t k_overlap_bytes = 8 * 1024;

class ResumingSource final : public Source {
public:
  ResumingSource(Transport& transport, std::function<Response(std::uint64_t)> open_at,
                 std::optional<std::uint64_t> size_bytes, std::string what)
      : transport_(transport), open_at_(std::move(open_at)), size_bytes_(size_bytes),
        what_(std::move(what)) {}

  std::size_t read(std::span<std::byte> out) override {
    for (;;) {
      try {
        if (!body_) {
          body_ = open();
        }
        const auto n = body_->read(out);
        check_size(n);
        remember(out.first(n));
        if (n > 0) {
          failures_ = 0;
        }
        return n;
      } catch (const Error& error) {
        // The transport has already retried a request that never got an answer.
        if (error.kind() != ErrorKind::unavailable || !began_) {
          throw;
        }
        wait_or_rethrow(error);
      }
    }
  }

private:
  /// The body from the first byte that has not been delivered yet.
  std::unique_ptr<Source> open() {
    if (!tail_.empty() && ranges_are_right_) {
      if (auto body = open_in_the_middle()) {
        return body;
      }
      ranges_are_right_ = false;
    }
    auto response = open_at_(0);
    began_ = true;
    if (first_byte(response).value_or(0) != 0) { // a 206 for offset 0 may lack a Content-Range
      throw Error(ErrorKind::protocol, what_ + ": the server sent a range that was not asked for");
    }
    pass_over_all(*response.body);
    return std::move(response.body);
  }

  /// The same by a Range request that begins a little earlier, to compare the overlap. Null if the
  /// server sends another range, no range, or other bytes.
  std::unique_ptr<Source> open_in_the_middle() {
    const auto known = known_bytes();
    const auto overlap = given_bytes_ - known.size();
    auto response = open_at_(overlap);
    const auto begin = first_byte(response);
    if (!begin || *begin > overlap) {
      return nullptr;
    }
    if (*begin == 0) {
      pass_over_all(*response.body);
      return std::move(response.body);
    }
    std::vector<std::byte> buffer(k_buffer_bytes);
    for (auto at = *begin; at < given_bytes_;) {
      // Bytes before the overlap are skipped.
      const auto end = at < overlap ? overlap : given_bytes_;
      const auto wanted = std::min<std::uint64_t>(buffer.size(), end - at);
      const auto n = response.body->read(std::span(buffer).first(static_cast<std::size_t>(wanted)));
      const auto is_known =
          at < overlap ||
          std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(n),
                     known.begin() + static_cast<std::ptrdiff_t>(at - overlap));
      if (n == 0 || !is_known) {
        return nullptr;
      }
      at += n;
    }
    return std::move(response.body);
  }

  /// The overlap that is requested again. It halves after each failure but the first, because an
  /// attempt may fail before it gets beyond a longer one.
  [[nodiscard]] std::span<const std::byte> known_bytes() const {
    constexpr unsigned k_most_halvings = 13;
    const auto halvings = std::min(failures_ - std::min(failures_, 1U), k_most_halvings);
    return std::span(tail_).last(std::max<std::size_t>(tail_.size() >> halvings, 1));
  }

  /// The offset of the first byte in `response`; nothing if it has none, or does not say which.
  static std::optional<std::uint64_t> first_byte(const Response& response) {
    if (response.status == 200) {
      return 0;
    }
    const auto value = response.headers.find("Content-Range");
    const auto range = response.status == 206 && value ? parse_content_range(*value) : std::nullopt;
    return range ? std::optional(range->first) : std::nullopt;
  }

  /// Skips all bytes that were delivered before. They must be the same, else the reader would get
  /// parts of two different layers.
  void pass_over_all(Source& body) {
    std::vector<std::byte> buffer(k_buffer_bytes);
    Crc32 skipped;
    for (std::uint64_t at = 0; at < given_bytes_;) {
      const auto wanted = std::min<std::uint64_t>(buffer.size(), given_bytes_ - at);
      const auto n = body.read(std::span(buffer).first(static_cast<std::size_t>(wanted)));
      if (n == 0) {
        check_end(at);
        throw Error(ErrorKind::integrity, what_ + " is shorter now than it was before");
      }
      skipped.update(std::span(buffer).first(n));
      at += n;
    }
    if (skipped.value() != given_.value()) {
      throw Error(ErrorKind::integrity, what_ + " changed while it was being read");
    }
  }

  void remember(std::span<const std::byte> bytes) {
    given_.update(bytes);
    given_bytes_ += bytes.size();
    bytes = bytes.last(std::min(bytes.size(), k_overlap_bytes));
    const auto kept = std::min(tail_.size(), k_overlap_bytes - bytes.size());
    tail_.erase(tail_.begin(), tail_.end() - static_cast<std::ptrdiff_t>(kept));
    tail_.insert(tail_.end(), bytes.begin(), bytes.end());
  }

  /// Throws if the promised size is larger than the `seen_bytes` after which a body ended.
  void check_end(std::uint64_t seen_bytes) const {
    if (size_bytes_ && seen_bytes < *size_bytes_) {
      throw Error(ErrorKind::unavailable, what_ + " ended after " + std::to_string(seen_bytes) +
                                              " of " + std::to_string(*size_bytes_) + " bytes");
    }
  }

  void check_size(std::size_t n) const {
    if (n == 0) {
      check_end(given_bytes_);
    }
    if (size_bytes_ && given_bytes_ + n > *size_bytes_) {
      throw Error(ErrorKind::integrity,
                  what_ + " has more than the promised " + std::to_string(*size_bytes_) + " bytes");
    }
  }

  /// Must be called inside a catch block.
  void wait_or_rethrow(const Error& error) {
    body_.reset();
    const auto& options = transport_.options();
    if (++failures_ > options.retries) {
      throw;
    }
    transport_.note(error.message() + "; continuing there (" + std::to_string(failures_) + " of " +
                    std::to_string(options.retries) + ")");
    interruptible_sleep_ms(
        static_cast<long>(retry_delay(failures_, options.retry_delay, 0.5, std::nullopt).count()));
  }

  Transport& transport_;
  std::function<Response(std::uint64_t)> open_at_;
  std::optional<std::uint64_t> size_bytes_;
  std::string what_;
  std::unique_ptr<Source> body_;
  Crc32 given_;
  std::vector<std::byte> tail_; ///< the last bytes that were delivered
  std::uint64_t given_bytes_ = 0;
  bool ranges_are_right_ = true; ///< until an answer shows otherwise
  bool began_ = false;           ///< an answer has arrived
  unsigned failures_ = 0;        ///< in a row, without a new byte
};

} // namespace

std::unique_ptr<Source> make_resuming_source(Transport& transport,
                                             std::function<Response(std::uint64_t offset)> open_at,
                                             std::optional<std::uint64_t> size_bytes,
                                             std::string what) {
  return std::make_unique<ResumingSource>(transport, std::move(open_at), size_bytes,
                                          std::move(what));
}

} // namespace regctl::http
