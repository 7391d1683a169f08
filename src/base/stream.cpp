// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/stream.hpp>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace regctl {

namespace {

class ViewSource final : public Source {
public:
  explicit ViewSource(std::string_view text) : left_(text) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto n = copy_some(as_bytes(left_), out);
    left_.remove_prefix(n);
    return n;
  }

private:
  std::string_view left_;
};

class TextSource final : public Source {
public:
  explicit TextSource(std::string text) : text_(std::move(text)), view_(text_) {}

  std::size_t read(std::span<std::byte> out) override { return view_.read(out); }

private:
  std::string text_;
  ViewSource view_; // of the member above
};

class ConcatSource final : public Source {
public:
  ConcatSource(std::unique_ptr<Source> first, std::unique_ptr<Source> second)
      : current_(std::move(first)), next_(std::move(second)) {}

  std::size_t read(std::span<std::byte> out) override {
    auto n = current_->read(out);
    while (n == 0 && next_) {
      current_ = std::move(next_);
      n = current_->read(out);
    }
    return n;
  }

private:
  std::unique_ptr<Source> current_;
  std::unique_ptr<Source> next_;
};

class TapSource final : public Source {
public:
  TapSource(std::unique_ptr<Source> source, std::function<void(std::span<const std::byte>)> tap)
      : source_(std::move(source)), tap_(std::move(tap)) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto n = source_->read(out);
    if (n > 0) {
      tap_(out.first(n));
    }
    return n;
  }

private:
  std::unique_ptr<Source> source_;
  std::function<void(std::span<const std::byte>)> tap_;
};

class VerifiedSource final : public Source {
public:
  VerifiedSource(std::unique_ptr<Source> source, ExpectedBytes expected, std::string what)
      : source_(std::move(source)), expected_(std::move(expected)), what_(std::move(what)) {
    if (expected_.sha256_hex) {
      sha256_.emplace().update(expected_.prefix);
    }
    if (expected_.sha512_hex) {
      sha512_.emplace();
    }
  }

  std::size_t read(std::span<std::byte> out) override {
    if (!problem_.empty()) {
      fail(problem_); // a reader that goes on after a failure must not get an end
    }
    const auto n = source_->read(out);
    if (n == 0) {
      check_at_end();
      return 0;
    }
    seen_bytes_ += n;
    if (expected_.size_bytes && seen_bytes_ > *expected_.size_bytes) {
      fail("has more than the promised " + std::to_string(*expected_.size_bytes) + " bytes");
    }
    if (sha256_) {
      sha256_->update(out.first(n));
    }
    if (sha512_) {
      sha512_->update(out.first(n));
    }
    return n;
  }

private:
  [[noreturn]] void fail(std::string problem) {
    problem_ = std::move(problem);
    throw Error(ErrorKind::integrity, what_ + " " + problem_);
  }

  void check_at_end() {
    if (verified_) {
      return;
    }
    if (expected_.size_bytes && seen_bytes_ < *expected_.size_bytes) {
      fail("ended after " + std::to_string(seen_bytes_) + " of " +
           std::to_string(*expected_.size_bytes) + " bytes");
    }
    if (sha256_) {
      compare("sha256:", sha256_->finish_hex(), *expected_.sha256_hex);
    }
    if (sha512_) {
      compare("sha512:", sha512_->finish_hex(), *expected_.sha512_hex);
    }
    verified_ = true;
  }

  void compare(const std::string& algorithm, const std::string& hex, const std::string& expected) {
    if (hex != expected) {
      fail("has checksum " + algorithm + hex + " instead of " + algorithm + expected);
    }
  }

  std::unique_ptr<Source> source_;
  ExpectedBytes expected_;
  std::string what_;
  std::string problem_;
  std::optional<Sha256> sha256_;
  std::optional<Sha512> sha512_;
  std::uint64_t seen_bytes_ = 0;
  bool verified_ = false;
};

} // namespace

std::uint64_t Source::skip(std::uint64_t bytes) {
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes, k_buffer_bytes)));
  std::uint64_t skipped = 0;
  while (skipped < bytes) {
    check_interrupted();
    const auto wanted = std::min<std::uint64_t>(buffer.size(), bytes - skipped);
    const auto n = read(std::span(buffer).first(static_cast<std::size_t>(wanted)));
    if (n == 0) {
      break;
    }
    skipped += n;
  }
  return skipped;
}

std::uint64_t pump(Source& source, Sink& sink) {
  std::vector<std::byte> buffer(k_buffer_bytes);
  std::uint64_t total = 0;
  while (const auto n = source.read(buffer)) {
    check_interrupted();
    sink.write(std::span(buffer).first(n));
    total += n;
  }
  return total;
}

std::uint64_t drain(Source& source) {
  std::vector<std::byte> buffer(k_buffer_bytes);
  std::uint64_t total = 0;
  while (const auto n = source.read(buffer)) {
    check_interrupted();
    total += n;
  }
  return total;
}

std::size_t copy_some(std::span<const std::byte> from, std::span<std::byte> out) noexcept {
  const auto n = std::min(out.size(), from.size());
  std::copy_n(from.begin(), n, out.begin());
  return n;
}

bool is_zero(std::span<const std::byte> bytes) noexcept {
  return bytes.empty() || (bytes.front() == std::byte{0} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

std::size_t read_fully(Source& source, std::span<std::byte> out) {
  std::size_t total = 0;
  while (total < out.size()) {
    const auto n = source.read(out.subspan(total));
    if (n == 0) {
      break;
    }
    total += n;
  }
  return total;
}

std::string read_text(Source& source, std::uint64_t limit_bytes, std::string_view what) {
  std::string text;
  std::vector<std::byte> buffer(k_buffer_bytes);
  while (const auto n = source.read(buffer)) {
    if (text.size() + n > limit_bytes) {
      throw Error(ErrorKind::protocol,
                  std::string(what) + " is larger than " + std::to_string(limit_bytes) + " bytes");
    }
    text.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
  return text;
}

std::unique_ptr<Source> make_text_source(std::string text) {
  return std::make_unique<TextSource>(std::move(text));
}

std::unique_ptr<Source> make_view_source(std::string_view text) {
  return std::make_unique<ViewSource>(text);
}

std::unique_ptr<Source> make_concat_source(std::unique_ptr<Source> first,
                                           std::unique_ptr<Source> second) {
  return std::make_unique<ConcatSource>(std::move(first), std::move(second));
}

std::unique_ptr<Source> make_tap_source(std::unique_ptr<Source> source,
                                        std::function<void(std::span<const std::byte>)> tap) {
  return std::make_unique<TapSource>(std::move(source), std::move(tap));
}

std::unique_ptr<Source> make_verified_source(std::unique_ptr<Source> source, ExpectedBytes expected,
                                             std::string what) {
  return std::make_unique<VerifiedSource>(std::move(source), std::move(expected), std::move(what));
}

} // namespace regctl
