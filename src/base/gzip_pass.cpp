// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/gzip_pass.hpp>

#include <zlib.h>

#include <new>
#include <utility>
#include <vector>

namespace regctl {

namespace {

constexpr std::string_view k_magic = "\x1f\x8b\x08";
constexpr int k_gzip_window = 15 + 16;

/// zlib keeps the z_stream's address, so this is neither copyable nor movable.
class PassingSource final : public Source {
public:
  PassingSource(std::unique_ptr<Source> source,
                std::function<void(std::span<const std::byte>)> on_unpacked, GzipPass& pass,
                std::string what)
      : source_(std::move(source)), on_unpacked_(std::move(on_unpacked)), pass_(pass),
        what_(std::move(what)), input_(k_buffer_bytes), unpacked_(k_buffer_bytes) {
    if (::inflateInit2(&stream_, k_gzip_window) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~PassingSource() override { ::inflateEnd(&stream_); }
  PassingSource(const PassingSource&) = delete;
  PassingSource& operator=(const PassingSource&) = delete;

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
        bytes = bytes.subspan(inflate(bytes));
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
    ::inflateReset(&stream_);
    is_in_member_ = true;
    const auto head = std::exchange(beginning_, {});
    inflate(as_bytes(head));
  }

  /// Unpacks, and passes the bytes on that belong to the member. Returns how many those are.
  std::size_t inflate(std::span<const std::byte> bytes) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(unpacked_.data());
      stream_.avail_out = static_cast<uInt>(unpacked_.size());
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        throw Error(ErrorKind::protocol,
                    what_ + ": the gzip data is damaged (" +
                        (stream_.msg == nullptr ? "unknown fault" : stream_.msg) + ")");
      }
      const auto n = unpacked_.size() - stream_.avail_out;
      if (n > 0) {
        on_unpacked_(std::span<const std::byte>(unpacked_).first(n));
      }
      is_in_member_ = result != Z_STREAM_END;
    } while (is_in_member_ && (stream_.avail_in > 0 || stream_.avail_out == 0));
    const auto used = bytes.size() - stream_.avail_in;
    ready_.append(reinterpret_cast<const char*>(bytes.data()), used);
    return used;
  }

  void end() {
    if (is_in_member_) {
      throw Error(ErrorKind::protocol, what_ + ": the gzip data ends too early");
    }
    pass_.has_trailing_bytes = pass_.has_trailing_bytes || !beginning_.empty();
    is_over_ = true;
  }

  std::unique_ptr<Source> source_;
  std::function<void(std::span<const std::byte>)> on_unpacked_;
  GzipPass& pass_;
  std::string what_;
  z_stream stream_{};
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
