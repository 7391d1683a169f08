// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/blobs.hpp"
#include "support/failure.hpp"
#include "unit/registry/v2/v2_host.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v2;
using namespace regctl::test;

namespace {

using Lines = std::vector<std::string>;

const std::string k_content(100'000, 'x');
const auto k_digest = oci::Digest::of(k_content);
const oci::Descriptor k_blob{"application/octet-stream", k_digest, k_content.size()};
const std::string k_path = "/v2/team/app/blobs/" + k_digest.to_string();

std::string read(V2Host& host, const oci::Descriptor& blob = k_blob) {
  return read_text(*open_blob(host.session(), blob), 1'000'000, "a blob");
}

Reply at_storage(Reply reply) {
  reply.redirected_to = "https://storage.example/signed?x=y";
  return reply;
}

/// Answers Range requests, from `begin` on cut after `cut` bytes.
FakeServer::Answer ranges(std::size_t cut) {
  return [cut](const SeenRequest& request) -> Reply {
    const auto range = request.headers.find("Range");
    if (!range) {
      return {200, k_content.substr(0, cut), {}, Reply::End::cut};
    }
    const auto begin = std::stoul(range->substr(6));
    return {206,
            k_content.substr(begin),
            {{"Content-Range", "bytes " + std::to_string(begin) + "-99999/100000"}}};
  };
}

} // namespace

TEST_SUITE_BEGIN("registry/v2/blobs");

TEST_CASE("HEAD tells a blob's size") {
  V2Host host;
  CHECK_FALSE(find_blob(*host.session(), k_digest));
  host.server.on("HEAD " + k_path, {{200, "", {{"Content-Length", "100000"}}}});
  CHECK(find_blob(*host.session(), k_digest) == 100'000);
  CHECK(host.server.lines() == Lines{"HEAD " + k_path, "HEAD " + k_path});
}

TEST_CASE("where HEAD does not, one byte or all bytes do") {
  const Reply heads[] = {{200}, {405}, {200, "", {{"Content-Length", "0"}}}, at_storage({403})};
  for (const auto& head : heads) {
    V2Host host;
    host.server.on("HEAD " + k_path, {head});
    host.server.on("GET " + k_path, {{206, "x", {{"Content-Range", "bytes 0-0/100000"}}}});
    CHECK(find_blob(*host.session(), k_digest) == 100'000);
    CHECK(host.server.seen("GET " + k_path)[0].headers.find("Range") == "bytes=0-0");
    host.server.on("GET " + k_path, {{200, k_content, {{"Content-Length", "100000"}}}});
    CHECK(find_blob(*host.session(), k_digest) == 100'000);
    host.server.on("GET " + k_path, {{200, k_content}});
    CHECK(find_blob(*host.session(), k_digest) == 100'000);
    host.server.on("GET " + k_path, {{404}});
    CHECK_FALSE(find_blob(*host.session(), k_digest));
    host.server.on("GET " + k_path, {{206, "x"}});
    CHECK(failure([&] { find_blob(*host.session(), k_digest); }) == ErrorKind::protocol);
  }
}

TEST_CASE("the empty blob is found") {
  V2Host host;
  const auto digest = oci::Digest::of("");
  const auto path = "/v2/team/app/blobs/" + digest.to_string();
  host.server.on("HEAD " + path, {{200, "", {{"Content-Length", "0"}}}});
  CHECK(find_blob(*host.session(), digest) == 0);
  host.server.on("HEAD " + path, {{405}});
  host.server.on("GET " + path, {{416, "", {{"Content-Range", "bytes */0"}}}});
  CHECK(find_blob(*host.session(), digest) == 0);
}

TEST_CASE("a denial is no absence") {
  V2Host host;
  host.server.on("HEAD " + k_path, {{403}});
  CHECK(failure([&] { find_blob(*host.session(), k_digest); }) == ErrorKind::denied);
}

TEST_CASE("a blob is read as it is stored, and verified") {
  V2Host host;
  host.server.on("GET " + k_path, {{200, k_content, {{"Content-Encoding", "gzip"}}}});
  CHECK(read(host) == k_content);
  CHECK(host.server.seen()[0].headers.find("Accept-Encoding") == "identity");
  host.server.on("GET " + k_path, {{200, k_content + "x"}});
  CHECK(failure([&] { read(host); }) == ErrorKind::integrity);
  host.server.on("GET " + k_path, {{200, std::string(100'000, 'y')}});
  CHECK(failure([&] { read(host); }) == ErrorKind::integrity);
}

TEST_CASE("a download that is cut goes on where it was") {
  V2Host host;
  host.server.on("GET " + k_path, ranges(60'000));
  CHECK(read(host) == k_content);
  CHECK(host.server.lines().size() == 2);
}

TEST_CASE("the registry is asked again when a signed URL has expired") {
  for (const int status : {403, 400}) {
    V2Host host;
    host.server.on("GET " + k_path, {at_storage({status}), at_storage({200, k_content})});
    CHECK(read(host) == k_content);
  }
  V2Host host;
  host.server.on("GET " + k_path, {at_storage({403})});
  CHECK(failure([&] { read(host); }) == ErrorKind::denied);
  CHECK(host.server.lines().size() == 3);
}

TEST_CASE("a missing blob is told at once") {
  V2Host host;
  CHECK(failure([&] { open_blob(host.session(), k_blob); }) == ErrorKind::not_found);
}

TEST_CASE("a foreign layer comes from the first of its URLs that has it, without credentials") {
  V2Host host;
  host.log_in();
  auto blob = k_blob;
  blob.urls = {"ftp://x", "https://one.example/layer", "https://two.example/layer"};
  host.server.on("GET https://two.example/layer", ranges(60'000));
  CHECK(read(host, blob) == k_content);
  const auto seen = host.server.seen("GET https://two.example/layer");
  CHECK(seen.size() == 2); // also after the cut
  CHECK(seen[0].authorization.empty());
  CHECK(seen[0].named_by->origin() == "https://reg.example");
  blob.urls.pop_back();
  try {
    open_blob(host.session(), blob);
    FAIL("it was found");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.message().find("https://one.example answered 404") != std::string::npos);
  }
}

TEST_CASE("the data in a descriptor needs no request, if it is right") {
  V2Host host;
  auto blob = k_blob;
  blob.data = k_content;
  CHECK(read(host, blob) == k_content);
  CHECK(host.server.lines().empty());
  blob.data = std::string(100'000, 'y');
  host.server.on("GET " + k_path, {{200, k_content}});
  CHECK(read(host, blob) == k_content);
}

TEST_CASE("a layer of schema 1, whose size is not known, is read to its end") {
  V2Host host;
  auto blob = k_blob;
  blob.size_bytes = 0;
  host.server.on("GET " + k_path, {{200, k_content}});
  CHECK(read(host, blob) == k_content);
}

TEST_CASE("a mount is asked for with the scopes of both repositories") {
  V2Host host;
  const auto post =
      "POST /v2/team/app/blobs/uploads/?mount=" + http::percent_encode(k_digest.to_string()) +
      "&from=team%2Fbase";
  host.server.on(post, [](const SeenRequest& request) {
    return request.authorization.empty() ? v2_challenge(k_bearer) : Reply{201};
  });
  host.server.on("GET https://auth.example/token?service=reg.example&scope=repository%3Ateam%2Fapp"
                 "%3Apull%2Cpush&scope=repository%3Ateam%2Fbase%3Apull",
                 {{200, R"({"token":"both"})"}});
  CHECK(mount_blob(*host.session(), k_blob, "team/base"));
}

TEST_CASE("a mount that became an upload cancels it") {
  V2Host host;
  const auto post =
      "POST /v2/team/app/blobs/uploads/?mount=" + http::percent_encode(k_digest.to_string()) +
      "&from=team%2Fbase";
  host.server.on(post, {{202, "", {{"Location", "/upload?state=1"}}}});
  host.server.on("DELETE /upload?state=1", {{204}});
  const auto session = host.session();
  CHECK_FALSE(mount_blob(*session, k_blob, "team/base"));
  CHECK(host.server.lines() == Lines{post, "DELETE /upload?state=1"});
  CHECK_FALSE(mount_blob(*session, k_blob, "team/base"));
  CHECK(host.server.seen(post).size() == 2);
}

TEST_CASE("a mount that is refused is no failure, and not tried again from there") {
  const Reply replies[] = {{401}, {403}, {404}, {405}, {400}, no_answer(ErrorKind::denied)};
  for (const auto& reply : replies) {
    V2Host host;
    host.server.guard = [&](const SeenRequest&) { return std::optional(reply); };
    const auto session = host.session();
    CHECK_FALSE(mount_blob(*session, k_blob, "team/base"));
    host.server.forget();
    CHECK_FALSE(mount_blob(*session, k_blob, "team/base"));
    CHECK(host.server.lines().empty());
    CHECK_FALSE(mount_blob(*session, k_blob, "team/other"));
    CHECK_FALSE(host.server.lines().empty());
  }
  V2Host host;
  host.server.guard = [&](const SeenRequest&) { return std::optional(no_answer()); };
  const auto session = host.session();
  CHECK_FALSE(mount_blob(*session, k_blob, "team/base"));
  CHECK_FALSE(session->is_mount_refused("team/base")); // a cut proves nothing
}

TEST_SUITE_END();
