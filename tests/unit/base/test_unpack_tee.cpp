// SPDX-License-Identifier: Apache-2.0
#include "support/piecewise_source.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/unpack_tee.hpp>

#include <doctest/doctest.h>

using namespace regctl;
using test::PiecewiseSource;
using test::read_in_pieces;

namespace {

/// Keeps what it sees, up to `limit` bytes.
class Watcher final : public UnpackedObserver {
public:
  explicit Watcher(std::size_t limit = 1'000'000) : limit_(limit) {}

  bool step(Source& unpacked) override {
    std::byte buffer[100];
    const auto n = unpacked.read(buffer);
    seen.append(reinterpret_cast<const char*>(buffer), n);
    return n > 0 && seen.size() < limit_;
  }
  void give_up(const Error& reason) noexcept override { failure = reason.message(); }

  std::string seen;
  std::string failure;

private:
  std::size_t limit_;
};

std::string text() {
  std::string result;
  for (int i = 0; i < 20'000; ++i) {
    result += std::to_string(i * 7919);
  }
  return result;
}

} // namespace

TEST_SUITE_BEGIN("base/unpack_tee");

TEST_CASE("the reader gets the packed bytes, the observer the unpacked ones") {
  const auto plain = text();
  const auto packed = read_in_pieces(*make_gzip_source(make_text_source(plain)), 65'536);
  for (const auto& bytes : {packed, plain}) {
    for (const auto piece : test::k_pieces) {
      const auto watcher = std::make_shared<Watcher>();
      const auto tee =
          make_unpack_tee(std::make_unique<PiecewiseSource>(bytes, piece), watcher, "x");
      CHECK(read_in_pieces(*tee, piece) == bytes);
      CHECK(watcher->seen == plain);
      CHECK(watcher->failure.empty());
    }
  }
}

TEST_CASE("bytes that cannot be unpacked still reach the reader") {
  auto packed = read_in_pieces(*make_gzip_source(make_text_source(text())), 65'536);
  packed[packed.size() / 2] ^= 1;
  const auto watcher = std::make_shared<Watcher>();
  const auto tee = make_unpack_tee(make_text_source(packed), watcher, "the layer");
  CHECK(read_in_pieces(*tee, 1000) == packed);
  CHECK(watcher->failure.starts_with("the layer: the gzip data is damaged"));
}

TEST_CASE("packed bytes without output are held only up to a limit") {
  // A gzip header and then deflate blocks without a byte in them.
  std::string packed("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  while (packed.size() < 3 * k_tee_limit_bytes) {
    packed.append("\0\0\0\xff\xff", 5);
  }
  std::size_t pulled = 0;
  auto counted = make_tap_source(make_text_source(packed),
                                 [&](std::span<const std::byte> piece) { pulled += piece.size(); });
  const auto watcher = std::make_shared<Watcher>();
  const auto tee = make_unpack_tee(std::move(counted), watcher, "the layer");
  std::byte first{};
  CHECK(tee->read({&first, 1}) == 1);
  CHECK(pulled < k_tee_limit_bytes + 2 * k_buffer_bytes);
  CHECK(watcher->failure.starts_with("the layer: the compressed data give nothing for"));
  CHECK(read_in_pieces(*tee, 65'536) == packed.substr(1));
}

TEST_CASE("an observer that has seen enough is not called again") {
  const auto watcher = std::make_shared<Watcher>(150);
  const auto tee = make_unpack_tee(make_text_source(text()), watcher, "x");
  CHECK(read_in_pieces(*tee, 999) == text());
  CHECK(watcher->seen.size() >= 150);
  CHECK(watcher->seen.size() < 350);
}

TEST_CASE("an error of the packed source goes to the reader, not to the observer") {
  const auto watcher = std::make_shared<Watcher>();
  const auto tee = make_unpack_tee(
      std::make_unique<PiecewiseSource>("abc", 2, PiecewiseSource::End::failing), watcher, "x");
  CHECK_THROWS_WITH_AS(read_in_pieces(*tee, 7), "the test's source failed", Error);
  CHECK(watcher->failure.empty());
}

TEST_SUITE_END();
