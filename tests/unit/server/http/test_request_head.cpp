// SPDX-License-Identifier: Apache-2.0
#include "server/http/request_head.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using regctl::server::find_head_fault;
using regctl::server::RequestHead;

namespace {

struct Line {
  const char* name;
  std::string value;
};

/// A head as it is read of lines that end with CRLF and have one space behind the colon.
RequestHead head_of(const std::vector<Line>& lines, std::string_view version,
                    std::string_view target, std::string_view method) {
  RequestHead head{method, target, version, 0, {}, 0};
  head.version_at_bytes = head.method.size() + target.size() + 2;
  head.size_bytes = head.version_at_bytes + head.version.size() + 2;
  for (const auto& line : lines) {
    const std::string_view name = line.name;
    head.fields.push_back({name, line.value, 1, head.size_bytes});
    head.size_bytes += name.size() + line.value.size() + 4;
  }
  head.size_bytes += 2;
  return head;
}

int status_of_head(const RequestHead& head) {
  const auto fault = find_head_fault(head);
  return fault ? fault->status : 200;
}

int status_of(const std::vector<Line>& lines, const char* version = "HTTP/1.1",
              const std::string& target = "/v1/_ping?q", const char* method = "GET") {
  return status_of_head(head_of(lines, version, target, method));
}

} // namespace

TEST_SUITE_BEGIN("server/http/request_head");

TEST_CASE("unambiguous heads pass") {
  const std::vector<Line> heads[] = {
      {{"Host", "h"}},
      {{"host", "registry.example:5000"}, {"Content-Length", "0"}},
      {{"HOST", "[::1]:5000"}, {"Transfer-Encoding", "Chunked"}},
      {{"Host", ""}, {"X-Empty", ""}, {"X-Tab", "a\tb"}, {"X-Utf8", "\xc3\xa9"}},
      {{"Host", "h"}, {"Accept", "a"}, {"Accept", "b"}, {"Cookie", "a=b; c=d"}},
      {{"Host", "h"}, {"content-length", "999999999999999999"}},
  };
  for (const auto& head : heads) {
    CHECK(status_of(head) == 200);
  }
  CHECK(status_of({}, "HTTP/1.0") == 200);
  CHECK(status_of({{"Host", "h"}}, "HTTP/1.1", "*", "BREW") == 200);
}

TEST_CASE("a length that can be read in two ways is refused") {
  const char* odd[] = {"",    "+5",  "-5",   "0x5",   "5 ",
                       " 5",  "5,5", "5, 5", "5;",    "1e3",
                       "5\t", "٥",   "0.5",  "5\x01", "1000000000000000000"};
  for (const auto* value : odd) {
    CAPTURE(value);
    CHECK(status_of({{"Host", "h"}, {"Content-Length", value}}) == 400);
  }
  CHECK(status_of({{"Host", "h"}, {"Content-Length", "5"}, {"Content-Length", "6"}}) == 400);
  CHECK(status_of({{"Host", "h"}, {"Content-Length", "5"}, {"content-length", "5"}}) == 400);
}

TEST_CASE("an encoding that another reader might overlook or not know is refused") {
  const char* odd[] = {
      "",         "identity",    "gzip, chunked", "chunked, chunked", "xchunked", "chunked;q=1",
      "chunked ", "\"chunked\"", "\x01 chunked"};
  for (const auto* value : odd) {
    CAPTURE(value);
    CHECK(status_of({{"Host", "h"}, {"Transfer-Encoding", value}}) == 400);
  }
  const Line chunked{"Transfer-Encoding", "chunked"};
  CHECK(status_of({{"Host", "h"}, chunked, chunked}) == 400);
  CHECK(status_of({{"Host", "h"}, chunked, {"Content-Length", "5"}}) == 400);
  CHECK(status_of({{"Content-Length", "5"}, {"Host", "h"}, chunked}) == 400);
  CHECK(status_of({{"Host", "h"}, chunked}, "HTTP/1.0") == 400);
}

TEST_CASE("a head names exactly one valid host") {
  CHECK(status_of({}) == 400);
  CHECK(status_of({{"Host", "a"}, {"Host", "a"}}) == 400);
  CHECK(status_of({{"Host", "a"}, {"host", "b"}}, "HTTP/1.0") == 400);
  for (const auto* value :
       {"a b", "a,b", "a/b", "u@a", "a:b", "a:1:2", "[::1", "[::1]5000", "a\\b"}) {
    CAPTURE(value);
    CHECK(status_of({{"Host", value}}) == 400);
  }
}

TEST_CASE("malformed lines are refused") {
  for (const auto* name : {"", "Content-Length ", " Host", "A\tB", "A(B)", "A\rB", "A\"B"}) {
    CAPTURE(name);
    CHECK(status_of({{"Host", "h"}, {name, "5"}}) == 400);
  }
  for (const auto* value : {"a\rb", "a\nb", "a\x01", "\x7f", "\x1b[2J"}) {
    CHECK(status_of({{"Host", "h"}, {"X", value}}) == 400);
  }
  for (const auto* target : {"", "/a b", "/a\tb", "/a\r", "/\x7f"}) {
    CHECK(status_of({{"Host", "h"}}, "HTTP/1.1", target) == 400);
  }
  CHECK(status_of({{"Host", "h"}}, "HTTP/1.1", "/", "G ET") == 400);
}

TEST_CASE("hidden or missing bytes are noticed, even if their number is right") {
  const std::vector<Line> lines = {{"Host", "h"}, {"X", "y"}, {"Z", "z"}};
  const auto sound = head_of(lines, "HTTP/1.1", "/", "GET");
  CHECK(status_of_head(sound) == 200);
  // A NUL, a fold or a second space hides bytes, a bare line feed lacks one.
  for (const int bytes : {-1, 1, 5}) {
    const auto more = static_cast<std::size_t>(bytes);
    CAPTURE(bytes);
    auto head = sound;
    head.size_bytes += more; // in the last line
    CHECK(status_of_head(head) == 400);
    head = sound;
    head.version_at_bytes += more; // in the request line, and back before the first field
    CHECK(status_of_head(head) == 400);
    for (auto& field : head.fields) {
      field.at_bytes += more;
    }
    head.size_bytes += more;
    CHECK(status_of_head(head) == 400);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      head = sound;
      head.fields[i].at_bytes += more; // in the line before, and back in this one
      CHECK(status_of_head(head) == 400);
    }
  }
}

TEST_CASE("heads and lines that are too long are refused as such") {
  const std::string long_text(16 * 1024, 'x');
  CHECK(status_of({{"Host", "h"}}, "HTTP/1.1", "/" + long_text) == 414);
  CHECK(status_of({{"Host", "h"}, {"X", long_text}}) == 431);
  CHECK(status_of({{"Host", "h"}, {"X", long_text.substr(100)}}) == 200);
  std::vector<Line> many(100, {"X", "y"});
  many.push_back({"Host", "h"});
  CHECK(status_of(many) == 431);
}
