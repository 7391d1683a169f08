// SPDX-License-Identifier: Apache-2.0
#include "http/retry.hpp"

#include <regctl/base/crc32.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/http/client.hpp>

#include <algorithm>

namespace regctl::http {

namespace {

class ResumingSource final : public Source {
public:
  ResumingSource(Client& client, std::function<Response(std::uint64_t)> open_at,
                 std::optional<std::uint64_t> size_bytes, std::string what)
      : client_(client), open_at_(std::move(open_at)), size_bytes_(size_bytes),
        what_(std::move(what)) {}

  std::size_t read(std::span<std::byte> out) override {
    for (;;) {
      try {
        if (!body_) {
          body_ = open();
        }
        const auto n = body_->read(out);
        check_size(n);
        given_.update(out.first(n));
        given_bytes_ += n;
        if (n > 0) {
          failures_ = 0;
        }
        return n;
      } catch (const Error& error) {
        // What the client could not begin in all its attempts is not begun anew here.
        if (error.kind() != ErrorKind::unavailable || !began_) {
          throw;
        }
        wait_or_rethrow(error);
      }
    }
  }

private:
  /// The body from the first byte on that was not given yet.
  std::unique_ptr<Source> open() {
    auto response = open_at_(given_bytes_);
    began_ = true;
    std::uint64_t begin = 0;
    if (response.status == 206) {
      const auto range = response.headers.find("Content-Range");
      const auto parsed = range ? parse_content_range(*range) : std::nullopt;
      if (!parsed || parsed->first > given_bytes_) {
        throw Error(ErrorKind::protocol,
                    what_ + ": the server sent another range than was asked for");
      }
      begin = parsed->first;
    }
    pass_over(*response.body, begin);
    return std::move(response.body);
  }

  /// Reads over bytes that were given already. If that is all of them they must be the same: else
  /// the reader would get one half of each of two layers. (A sum of a part from the middle is not
  /// kept; what is behind it is for the payload checksum to tell.)
  void pass_over(Source& body, std::uint64_t begin) {
    std::vector<std::byte> buffer(k_buffer_bytes);
    Crc32 skipped;
    for (auto at = begin; at < given_bytes_;) {
      const auto wanted = std::min<std::uint64_t>(buffer.size(), given_bytes_ - at);
      const auto n = body.read(std::span(buffer).first(static_cast<std::size_t>(wanted)));
      if (n == 0) {
        throw Error(ErrorKind::integrity, what_ + " is shorter now than it was before");
      }
      skipped.update(std::span(buffer).first(n));
      at += n;
    }
    if (begin == 0 && skipped.value() != given_.value()) {
      throw Error(ErrorKind::integrity, what_ + " changed while it was being read");
    }
  }

  void check_size(std::size_t n) const {
    if (!size_bytes_) {
      return;
    }
    if (n == 0 && given_bytes_ < *size_bytes_) {
      throw Error(ErrorKind::unavailable, what_ + " ended after " + std::to_string(given_bytes_) +
                                              " of " + std::to_string(*size_bytes_) + " bytes");
    }
    if (given_bytes_ + n > *size_bytes_) {
      throw Error(ErrorKind::integrity,
                  what_ + " has more than the promised " + std::to_string(*size_bytes_) + " bytes");
    }
  }

  /// Called inside a handler.
  void wait_or_rethrow(const Error& error) {
    body_.reset();
    const auto& options = client_.options();
    if (++failures_ > options.retries) {
      throw;
    }
    if (options.note) {
      options.note(error.message() + "; continuing there (" + std::to_string(failures_) + " of " +
                   std::to_string(options.retries) + ")");
    }
    interruptible_sleep_ms(
        static_cast<long>(retry_delay(failures_, options.retry_delay, 0.5, std::nullopt).count()));
  }

  Client& client_;
  std::function<Response(std::uint64_t)> open_at_;
  std::optional<std::uint64_t> size_bytes_;
  std::string what_;
  std::unique_ptr<Source> body_;
  Crc32 given_;
  std::uint64_t given_bytes_ = 0;
  bool began_ = false;    ///< there was an answer once
  unsigned failures_ = 0; ///< in a row, without a byte between
};

} // namespace

std::unique_ptr<Source> make_resuming_source(Client& client,
                                             std::function<Response(std::uint64_t offset)> open_at,
                                             std::optional<std::uint64_t> size_bytes,
                                             std::string what) {
  return std::make_unique<ResumingSource>(client, std::move(open_at), size_bytes, std::move(what));
}

} // namespace regctl::http
