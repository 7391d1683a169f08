// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/upload.hpp"
#include "support/failure.hpp"
#include "support/temporary_folder.hpp"
#include "unit/registry/v2/v2_host.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v2;
using namespace regctl::test;

namespace {

using Lines = std::vector<std::string>;

const std::string k_uploads = "/v2/team/app/blobs/uploads/";

/// A registry that takes uploads, each answer with another Location; `refuse` may refuse a request
/// with bytes.
struct Uploads {
  Uploads() {
    host.server.guard = [this](const SeenRequest& request) { return answer(request); };
  }

  std::optional<Reply> answer(const SeenRequest& request) {
    if (auto refusal = refuse ? refuse(request) : std::nullopt) {
      return refusal;
    }
    const auto method = request.line.substr(0, request.line.find(' '));
    if (method == "POST") {
      received.clear();
      return Reply{202, "", next(post_headers)};
    }
    if (method == "DELETE") {
      return Reply{204};
    }
    if (request.line.find("state=" + std::to_string(state)) == std::string::npos) {
      return v2_error(404, "BLOB_UPLOAD_INVALID");
    }
    if (method == "GET") {
      const auto last = received.empty() ? 0 : received.size() - 1;
      return Reply{204, "", next({{"Range", "0-" + std::to_string(last)}})};
    }
    received += request.body;
    if (method == "PATCH") {
      return Reply{202, "", next({{"Range", "0-0"}})}; // as Amazon ECR says it
    }
    const auto digest = oci::Digest::of(received);
    const auto wanted = "digest=" + http::percent_encode(digest.to_string());
    if (request.line.find(wanted) == std::string::npos) {
      return v2_error(400, "DIGEST_INVALID", "did not match");
    }
    stored = received;
    return Reply{201, "", {{"Docker-Content-Digest", digest.to_string()}}};
  }

  http::Headers next(http::Headers headers) {
    headers.add("Location", "/upload?state=" + std::to_string(++state));
    return headers;
  }

  oci::PutBlob put(const std::string& content, bool with_digest = true, bool with_size = true) {
    oci::BlobUpload upload;
    if (with_digest) {
      upload.digest = oci::Digest::of(content);
    }
    if (with_size) {
      upload.size_bytes = content.size();
    }
    upload.open = [this, content] {
      ++opened;
      return make_text_source(content);
    };
    return put_blob(*host.session(), upload);
  }

  std::size_t count(const std::string& method) {
    const auto lines = host.server.lines();
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(),
                      [&](const auto& line) { return line.starts_with(method + " "); }));
  }

  /// The bodies of all PATCHes with their Content-Range.
  Lines ranges() {
    Lines ranges;
    for (const auto& request : host.server.seen()) {
      if (request.line.starts_with("PATCH ")) {
        ranges.push_back(request.headers.find("Content-Range").value_or(""));
      }
    }
    return ranges;
  }

  V2Host host;
  http::Headers post_headers;
  std::function<std::optional<Reply>(const SeenRequest&)> refuse;
  int state = 0;
  int opened = 0;
  std::string received;
  std::optional<std::string> stored;
};

/// Refuses the first request with this method.
auto once(const std::string& method, Reply reply) {
  return [=, is_done = false](const SeenRequest& request) mutable -> std::optional<Reply> {
    if (is_done || !request.line.starts_with(method + " ")) {
      return std::nullopt;
    }
    is_done = true;
    return reply;
  };
}

} // namespace

TEST_SUITE_BEGIN("registry/v2/upload");

TEST_CASE("a blob of known digest is sent in one PUT") {
  Uploads uploads;
  const auto put = uploads.put("content");
  CHECK(put.digest == oci::Digest::of("content"));
  CHECK(put.size_bytes == 7);
  CHECK(uploads.stored == "content");
  const auto seen = uploads.host.server.seen();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].line == "POST " + k_uploads);
  CHECK(seen[1].line.starts_with("PUT /upload?state=1&digest=sha256%3A"));
  CHECK(seen[1].announced_bytes == 7);
  CHECK(seen[1].headers.find("Content-Type") == "application/octet-stream");
  CHECK(seen[1].repeat == http::Repeat::never);
}

TEST_CASE("another blob is sent in one PATCH, and its digest computed on the way") {
  for (const std::string content : {"content", ""}) {
    Uploads uploads;
    const auto put = uploads.put(content, false, false);
    CHECK(put.digest == oci::Digest::of(content));
    CHECK(put.size_bytes == content.size());
    CHECK(uploads.stored == content);
    CHECK(uploads.ranges() == Lines{""});
    CHECK(uploads.host.server.lines()[2].starts_with("PUT /upload?state=2&digest="));
  }
}

TEST_CASE("pieces of the size that was chosen, or that the registry demands") {
  Uploads uploads;
  uploads.host.options.chunk_bytes = 4;
  CHECK(uploads.put("0123456789").size_bytes == 10);
  CHECK(uploads.stored == "0123456789");
  CHECK(uploads.ranges() == Lines{"0-3", "4-7", "8-9"});
  Uploads demanding;
  demanding.host.options.chunk_bytes = 4;
  demanding.post_headers = {{"OCI-Chunk-Min-Length", "6"}};
  CHECK(demanding.put("0123456789", false).digest == oci::Digest::of("0123456789"));
  CHECK(demanding.ranges() == Lines{"0-5", "6-9"});
  Uploads hostile;
  hostile.host.options.chunk_bytes = 4;
  hostile.post_headers = {{"OCI-Chunk-Min-Length", "9223372036854775807"}};
  hostile.put("0123456789");
  CHECK(hostile.ranges() == Lines{"0-9"});
}

TEST_CASE("a blob that ends with a piece, and an empty one, need no further piece") {
  Uploads uploads;
  uploads.host.options.chunk_bytes = 4;
  uploads.put("01234567", false, false);
  CHECK(uploads.stored == "01234567");
  CHECK(uploads.ranges() == Lines{"0-3", "4-7"});
  uploads.host.server.forget();
  uploads.put("", false, false);
  CHECK(uploads.stored == "");
  CHECK(uploads.ranges().empty());
}

TEST_CASE("after a cut a piece goes on if the registry has all of it or nothing of it") {
  Uploads uploads;
  uploads.host.options.chunk_bytes = 4;
  uploads.refuse = once("PATCH", no_answer());
  uploads.put("0123456789");
  CHECK(uploads.stored == "0123456789");
  CHECK(uploads.ranges() == Lines{"0-3", "0-3", "4-7", "8-9"});
  CHECK(uploads.count("POST") == 1);

  Uploads taken;
  taken.host.options.chunk_bytes = 4;
  taken.refuse = [&taken,
                  is_done = false](const SeenRequest& request) mutable -> std::optional<Reply> {
    if (is_done || !request.line.starts_with("PATCH ")) {
      return std::nullopt;
    }
    is_done = true;
    taken.received += request.body;
    return no_answer();
  };
  taken.put("0123456789");
  CHECK(taken.stored == "0123456789");
  CHECK(taken.ranges() == Lines{"0-3", "4-7", "8-9"});
}

TEST_CASE("an upload that a cut has broken begins anew") {
  Uploads uploads;
  uploads.host.options.chunk_bytes = 4;
  uploads.refuse = [&](const SeenRequest& request) -> std::optional<Reply> {
    if (uploads.count("PATCH") == 1 && request.line.starts_with("PATCH ")) {
      uploads.received += "01"; // half of it, and the state is none that we know
      return no_answer();
    }
    return std::nullopt;
  };
  uploads.put("0123456789");
  CHECK(uploads.stored == "0123456789");
  CHECK(uploads.count("POST") == 2);
  CHECK(uploads.count("DELETE") == 1);
}

TEST_CASE("an upload in pieces goes on in the next run") {
  const TemporaryFolder folder;
  Uploads uploads;
  uploads.host.options.chunk_bytes = 4;
  uploads.host.options.upload_folder = folder.path().string();
  const std::string content = "0123456789";
  const auto cut = [&](std::size_t piece) {
    uploads.refuse = [&uploads, piece](const SeenRequest& request) -> std::optional<Reply> {
      const bool is_cut = request.line.starts_with("PATCH ") && uploads.count("PATCH") > piece;
      return is_cut ? std::optional(v2_error(403, "DENIED")) : std::nullopt;
    };
    CHECK(failure([&] { uploads.put(content); }) == ErrorKind::denied);
    uploads.refuse = nullptr;
    CHECK(uploads.count("DELETE") == 0);
    uploads.host.server.forget();
  };

  cut(2);
  uploads.put(content);
  CHECK(uploads.stored == content);
  CHECK(uploads.ranges() == Lines{"8-9"});
  CHECK(uploads.count("POST") == 0);
  CHECK(std::filesystem::is_empty(folder.path()));

  SUBCASE("not if the registry has another number of bytes") {
    uploads.host.server.forget();
    cut(1);
    uploads.received += "x";
    uploads.put(content);
    CHECK(uploads.ranges() == Lines{"0-3", "4-7", "8-9"});
    CHECK(uploads.count("DELETE") == 1);
  }
  SUBCASE("not if the bytes there are other ones") {
    uploads.host.server.forget();
    cut(1);
    uploads.received[0] = 'x';
    uploads.put(content);
    CHECK(uploads.stored == content);
    CHECK(uploads.ranges() == Lines{"4-7", "8-9", "0-3", "4-7", "8-9"});
  }
  SUBCASE("even if the question for it is cut") {
    uploads.host.server.forget();
    cut(1);
    uploads.refuse = once("GET", no_answer());
    uploads.put(content);
    CHECK(uploads.ranges() == Lines{"4-7", "8-9"});
  }
}

TEST_CASE("one request that is cut begins anew, and the failures have an end") {
  for (const bool with_digest : {true, false}) {
    Uploads uploads;
    uploads.refuse = once(with_digest ? "PUT" : "PATCH", no_answer());
    uploads.put("content", with_digest);
    CHECK(uploads.stored == "content");
    CHECK(uploads.count("POST") == 2);
    CHECK(uploads.opened == 2);
  }
  Uploads uploads;
  uploads.host.server.told.retries = 2;
  uploads.refuse = [](const SeenRequest& request) {
    return request.line.starts_with("PUT ") ? std::optional(Reply{503, "later"}) : std::nullopt;
  };
  CHECK(failure([&] { uploads.put("content"); }) == ErrorKind::unavailable);
  CHECK(uploads.count("POST") == 3);
  CHECK(uploads.count("DELETE") == 3); // each is cancelled
}

TEST_CASE("an upload that the registry has lost begins anew, a few times") {
  for (const auto& reply :
       {v2_error(404, "BLOB_UPLOAD_UNKNOWN"), v2_error(400, "BLOB_UPLOAD_INVALID"), Reply{416}}) {
    Uploads uploads;
    uploads.refuse = once("PUT", reply);
    uploads.put("content");
    CHECK(uploads.stored == "content");
  }
  Uploads uploads;
  uploads.refuse = [](const SeenRequest& request) {
    return request.line.starts_with("PUT ") || request.line.starts_with("HEAD ")
               ? std::optional(v2_error(404, "BLOB_UPLOAD_UNKNOWN"))
               : std::nullopt;
  };
  CHECK(failure([&] { uploads.put("content"); }) == ErrorKind::unavailable);
  CHECK(uploads.count("POST") == 4);
}

TEST_CASE("a blob that somebody else has stored meanwhile is stored") {
  Uploads uploads;
  uploads.refuse = [](const SeenRequest& request) -> std::optional<Reply> {
    if (request.line.starts_with("HEAD ")) {
      return Reply{200, "", {{"Content-Length", "7"}}};
    }
    return request.line.starts_with("PUT ")
               ? std::optional(v2_error(400, "BLOB_UPLOAD_INVALID", "cannot be updated"))
               : std::nullopt;
  };
  CHECK(uploads.put("content").digest == oci::Digest::of("content"));
  CHECK(uploads.count("POST") == 1);
}

TEST_CASE("a token that ends during the upload is renewed, and the bytes are sent again") {
  Uploads uploads;
  int tokens = 0;
  uploads.refuse = [&](const SeenRequest& request) -> std::optional<Reply> {
    if (request.line.find("auth.example") != std::string::npos) {
      return Reply{200, R"({"token":"t)" + std::to_string(++tokens) + "\"}"};
    }
    const bool is_put = request.line.starts_with("PUT ");
    const bool is_good = request.authorization == (is_put ? "Bearer t2" : "Bearer t1");
    return is_good ? std::nullopt : std::optional(v2_challenge(k_bearer));
  };
  uploads.put("content");
  CHECK(uploads.stored == "content");
  CHECK(uploads.count("POST") == 2); // the first without a token
  CHECK(uploads.count("PUT") == 2);
}

TEST_CASE("what is too large for one request goes in ever smaller pieces, and later uploads too") {
  for (const bool with_digest : {true, false}) {
    Uploads uploads;
    const std::string content(200'000, 'x');
    uploads.refuse = [](const SeenRequest& request) {
      return request.body.size() > 60'000 ? std::optional(Reply{413, "<html>"}) : std::nullopt;
    };
    uploads.put(content, with_digest);
    CHECK(uploads.stored == content);
    CHECK(uploads.ranges().back() == "150000-199999");
    CHECK(uploads.host.connection()->facts.chunk_bytes == 50'000);
    uploads.host.server.forget();
    uploads.put(content, with_digest);
    CHECK(uploads.count("PATCH") == 4);
    CHECK(uploads.host.server.notes().find("pieces of 50000 bytes") != std::string::npos);
  }
}

TEST_CASE("a limit that nothing passes is an error") {
  Uploads uploads;
  uploads.refuse = [](const SeenRequest& request) {
    return request.body.empty() ? std::nullopt : std::optional(Reply{413, "<html>"});
  };
  CHECK(failure([&] { uploads.put(std::string(200'000, 'x')); }) == ErrorKind::unsupported);
  CHECK(uploads.count("PUT") + uploads.count("PATCH") < 10);
}

TEST_CASE("wrong bytes are an error, and the upload is cancelled") {
  Uploads uploads;
  oci::BlobUpload upload{oci::Digest::of("right"), std::nullopt,
                         [] { return make_text_source("wrong"); }};
  CHECK(failure([&] { put_blob(*uploads.host.session(), upload); }) == ErrorKind::integrity);
  CHECK(uploads.count("DELETE") == 1);
  CHECK(uploads.count("POST") == 1);
}

TEST_CASE("an upload that is interrupted is cancelled with a last request") {
  V2Host host;
  host.server.on("POST /v2/team/app/blobs/uploads/", {{202, "", {{"Location", "/upload"}}}});
  host.server.on("PUT /upload?digest=" + http::percent_encode(oci::Digest::of("bytes").to_string()),
                 [](const SeenRequest&) {
                   interrupt();
                   return no_answer(ErrorKind::interrupted);
                 });
  host.server.on("DELETE /upload", [](const SeenRequest&) {
    return is_interrupted() ? no_answer(ErrorKind::interrupted) : Reply{204};
  });
  const auto kind = failure([&] {
    put_blob(*host.session(),
             {oci::Digest::of("bytes"), 5, [] { return make_text_source("bytes"); }});
  });
  reset_interrupt();
  CHECK(kind == ErrorKind::interrupted);
  const auto seen = host.server.seen("DELETE /upload");
  REQUIRE(seen.size() == 2);
  CHECK_FALSE(seen[0].stall_timeout);
  CHECK(seen[1].stall_timeout == std::chrono::seconds(3));
}

TEST_CASE("a digest of the registry that is another one is an error") {
  Uploads uploads;
  uploads.refuse =
      once("PUT", {201, "", {{"Docker-Content-Digest", oci::Digest::of("x").to_string()}}});
  CHECK(failure([&] { uploads.put("content"); }) == ErrorKind::integrity);
}

TEST_CASE("bytes that cannot be read are not asked for again and again") {
  Uploads uploads;
  int opened = 0;
  oci::BlobUpload upload{oci::Digest::of("x"), std::nullopt, [&]() -> std::unique_ptr<Source> {
                           ++opened;
                           throw Error(ErrorKind::unavailable, "the source is gone");
                         }};
  try {
    put_blob(*uploads.host.session(), upload);
    FAIL("it was stored");
  } catch (const Error& error) {
    CHECK(error.message() == "the source is gone");
  }
  CHECK(opened == 1);
  CHECK(uploads.count("DELETE") == 1);
}

TEST_CASE("bytes go to another host without credentials if the registry says so") {
  Uploads uploads;
  uploads.host.log_in();
  uploads.refuse = [](const SeenRequest& request) -> std::optional<Reply> {
    if (request.line.starts_with("POST ")) {
      return request.authorization.empty()
                 ? v2_challenge("Basic realm=x")
                 : Reply{202, "", {{"Location", "https://storage.example/u?x=1"}}};
    }
    return Reply{201};
  };
  uploads.put("content");
  const auto seen = uploads.host.server.seen();
  CHECK(seen.back().line.starts_with("PUT https://storage.example/u?x=1&digest="));
  CHECK(seen.back().authorization.empty());
  CHECK(seen.back().named_by->origin() == "https://reg.example");
}

TEST_CASE("a registry that takes no uploads says so") {
  struct Row {
    Reply reply;
    ErrorKind kind;
  };
  const Row rows[] = {{{405, "Method not allowed"}, ErrorKind::unsupported},
                      {{403, "no"}, ErrorKind::denied},
                      {{404, "no"}, ErrorKind::not_found},
                      {{202}, ErrorKind::protocol}}; // without a Location
  for (const auto& row : rows) {
    Uploads uploads;
    uploads.refuse = [&](const SeenRequest&) { return std::optional(row.reply); };
    CHECK(failure([&] { uploads.put("content"); }) == row.kind);
  }
}

TEST_SUITE_END();
