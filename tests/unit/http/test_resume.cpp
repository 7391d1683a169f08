// SPDX-License-Identifier: Apache-2.0
#include "support/fake_server.hpp"
#include "support/piecewise_source.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/http/resume.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace regctl;
using namespace regctl::http;

namespace {

/// 100 kB that are nowhere the same.
std::string sample() {
  std::string text;
  for (int i = 0; text.size() < 100'000; ++i) {
    text += std::to_string(i) + ",";
  }
  return text;
}

/// A server whose first answer is cut in the middle.
struct Server {
  std::string text = sample();
  /// What it answers to a range; the first answer of all is from 0 and cut.
  std::function<Response(std::uint64_t offset)> at_range;
  std::vector<std::uint64_t> asked = {};
  std::size_t first_cut = 60'000;

  Response whole() const { return answer(200, text.substr(0), {}); }

  using End = test::PiecewiseSource::End;

  static Response answer(int status, std::string body, Headers headers, bool is_cut = false) {
    return {status, std::move(headers), Url::parse("http://host/"),
            std::make_unique<test::PiecewiseSource>(std::move(body), k_buffer_bytes,
                                                    is_cut ? End::failing : End::clean)};
  }

  Response range(std::uint64_t offset) const {
    return answer(206, text.substr(offset), {{"Content-Range", content_range(offset)}});
  }

  std::string content_range(std::uint64_t offset) const {
    return "bytes " + std::to_string(offset) + "-" + std::to_string(text.size() - 1) + "/" +
           std::to_string(text.size());
  }

  std::string read() {
    test::FakeServer transport("http://host");
    const auto source = make_resuming_source(
        transport,
        [this](std::uint64_t offset) {
          asked.push_back(offset);
          if (asked.size() == 1) {
            return answer(200, text.substr(0, first_cut), {}, true);
          }
          return offset == 0 ? whole() : at_range(offset);
        },
        text.size(), "it");
    return read_text(*source, 1'000'000, "it");
  }
};

} // namespace

TEST_SUITE_BEGIN("http/resume");

TEST_CASE("a cut download continues a little before the position it had reached") {
  Server server;
  server.at_range = [&](std::uint64_t offset) { return server.range(offset); };
  CHECK(server.read() == server.text);
  REQUIRE(server.asked.size() == 2);
  CHECK(server.asked[1] < 60'000);
  CHECK(server.asked[1] > 40'000);
}

TEST_CASE("a range that begins earlier than requested is accepted") {
  Server server;
  server.at_range = [&](std::uint64_t) { return server.range(10'000); };
  CHECK(server.read() == server.text);
  CHECK(server.asked.size() == 2);
}

TEST_CASE("the whole body instead of a range is accepted") {
  Server server;
  server.at_range = [&](std::uint64_t) { return server.whole(); };
  CHECK(server.read() == server.text);
  CHECK(server.asked.size() == 2);
}

TEST_CASE("after a missing or wrong range the download starts again from the beginning") {
  struct Row {
    const char* name;
    std::function<Response(const Server&, std::uint64_t)> at_range;
  };
  const Row rows[] = {
      {"bytes from 0 under the right Content-Range",
       [](const Server& server, std::uint64_t offset) {
         return Server::answer(206, server.text, {{"Content-Range", server.content_range(offset)}});
       }},
      {"one byte more than was asked for",
       [](const Server& server, std::uint64_t offset) {
         return Server::answer(206, server.text.substr(offset - 1),
                               {{"Content-Range", server.content_range(offset)}});
       }},
      {"no Content-Range",
       [](const Server& server, std::uint64_t offset) {
         return Server::answer(206, server.text.substr(offset), {});
       }},
      {"a Content-Range that begins later",
       [](const Server& server, std::uint64_t offset) { return server.range(offset + 1); }},
      {"a Content-Range that is none",
       [](const Server& server, std::uint64_t offset) {
         return Server::answer(206, server.text.substr(offset), {{"Content-Range", "bytes */7"}});
       }},
      {"a range that ends at once",
       [](const Server& server, std::uint64_t offset) {
         return Server::answer(206, "", {{"Content-Range", server.content_range(offset)}});
       }},
      {"404", [](const Server&, std::uint64_t) { return Server::answer(404, "gone", {}); }},
      {"416", [](const Server&, std::uint64_t) { return Server::answer(416, "no", {}); }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Server server;
    server.at_range = [&](std::uint64_t offset) { return row.at_range(server, offset); };
    CHECK(server.read() == server.text);
    REQUIRE(server.asked.size() == 3);
    CHECK(server.asked[2] == 0);
  }
}

TEST_CASE("a body that changed meanwhile is refused, by range or whole") {
  Server server;
  std::string other = server.text;
  other[100] ^= 1;
  other[59'000] ^= 1;
  server.at_range = [&](std::uint64_t offset) {
    server.text = other;
    return server.range(offset);
  };
  try {
    static_cast<void>(server.read());
    FAIL("what changed was taken");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::integrity);
  }
}

TEST_CASE("a body without a length that ends early is requested again") {
  Server server;
  int tries = 0;
  server.at_range = [&](std::uint64_t) {
    ++tries; // first it ends before what was there already
    return tries == 1 ? Server::answer(200, server.text.substr(0, 1000), {}) : server.whole();
  };
  CHECK(server.read() == server.text);
}

TEST_SUITE_END();
