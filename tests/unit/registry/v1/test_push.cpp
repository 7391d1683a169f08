// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/push.hpp"
#include "registry/v1/repository.hpp"
#include "support/failure.hpp"
#include "support/fake_server.hpp"
#include "unit/registry/v1/v1_host.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/model/v1/repository.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v1;
using namespace regctl::test;

namespace {

using Lines = std::vector<std::string>;

const std::string k_base(64, 'a');
const std::string k_top(64, 'b');
const std::string k_path = "/v1/repositories/team/app";

std::string line(const std::string& method, const std::string& id, const std::string& part) {
  return method + " /v1/images/" + id + "/" + part;
}

std::string json_of(const std::string& id) {
  return R"({"id":")" + id + R"(")" + (id == k_top ? R"(,"parent":")" + k_base + "\"}" : "}");
}

/// The layer of every image of these tests; an empty tar.
const std::string k_layer(1024, '\0');

std::string payload_sum(const std::string& json, const std::string& layer = k_layer) {
  return "sha256:" + sha256_hex(json + "\n" + layer);
}

V1Upload upload_of(const std::string& id, const std::string& layer = k_layer) {
  return {{id, json_of(id), layer.size(), {}, {}}, [layer] { return make_text_source(layer); }, {}};
}

/// What a registry says of an image that it has as upload_of() sends it.
Reply complete(const std::string& id) {
  return {200,
          json_of(id),
          {{"X-Docker-Size", std::to_string(k_layer.size())},
           {"X-Docker-Checksum-Payload", "[\"" + payload_sum(json_of(id)) + "\"]"}}};
}

const Reply k_absent = {404, R"({"error": "Image not found"})"};
const Reply k_in_progress = {400, R"({"error": "Image is being uploaded, retry later"})"};
const Reply k_exists = {409, R"({"error": "Image already exists"})"};

/// A registry that takes all of a push of these two images.
struct PushedHost : V1Host {
  PushedHost() {
    server.told.retries = 1;
    server.on("PUT " + k_path + "/", {{200, "", {token_header("one")}}});
    server.on("PUT " + k_path + "/images", {{204}});
    for (const auto& id : {k_base, k_top}) {
      for (const std::string part : {"json", "layer", "checksum"}) {
        server.on(line("PUT", id, part), {{200}});
      }
      server.on(line("GET", id, "json"), {complete(id)});
      server.on("PUT " + k_path + "/tags/" + tag_of(id), {{200}});
      server.on("GET " + k_path + "/tags/" + tag_of(id), {{200, "\"" + id + "\""}});
    }
    server.on("GET " + k_path + "/tags",
              {{200, R"({"base": ")" + k_base + R"(", "top": ")" + k_top + "\"}"}});
  }

  static std::string tag_of(const std::string& id) { return id == k_base ? "base" : "top"; }

  /// A push of both images of which those of `tagged` get tags.
  std::unique_ptr<V1Push> begin(const Lines& tagged) {
    V1PushPlan plan;
    plan.ids = {k_base, k_top};
    for (const auto& id : tagged) {
      plan.tags.emplace(tag_of(id), id);
    }
    return begin_push(session(), plan);
  }
};

void finish(V1Push& push) {
  push.finish([](const auto&, const auto&, const auto&) {});
}

} // namespace

TEST_SUITE_BEGIN("registry/v1/push");

TEST_CASE("a push announces all images and tags, and sends requests in the order of engines") {
  PushedHost host;
  const auto push = host.begin({k_base, k_top});
  for (const auto& id : {k_base, k_top}) {
    CHECK(push->put_image(upload_of(id)) == PutOutcome::stored);
  }
  Lines told;
  push->finish([&](const std::string& tag, const std::string& id, const std::string& where) {
    told.push_back(tag + " " + id + " " + where);
  });
  CHECK(told == Lines{"base " + k_base + " http://host:5000" + k_path + "/tags/base",
                      "top " + k_top + " http://host:5000" + k_path + "/tags/top"});
  CHECK(host.server.lines() == Lines{"PUT " + k_path + "/", line("PUT", k_base, "json"),
                                     line("PUT", k_base, "layer"), line("PUT", k_base, "checksum"),
                                     line("GET", k_base, "json"), line("PUT", k_top, "json"),
                                     line("PUT", k_top, "layer"), line("PUT", k_top, "checksum"),
                                     line("GET", k_top, "json"), "PUT " + k_path + "/tags/base",
                                     "PUT " + k_path + "/tags/top", "PUT " + k_path + "/images",
                                     "GET " + k_path + "/tags"});
  const auto seen = host.server.seen();
  CHECK(seen[0].body == R"([{"id":")" + k_base + R"("},{"id":")" + k_top + R"("},{"id":")" +
                            k_base + R"(","Tag":"base"},{"id":")" + k_top + R"(","Tag":"top"}])");
  CHECK(seen[1].body == json_of(k_base)); // byte by byte
  CHECK(seen[2].body == k_layer);
  CHECK(seen[3].body.empty());
  CHECK(seen[10].body == "\"" + k_top + "\"");
  CHECK(seen[11].body == "[]");
}

TEST_CASE("each request of a push has the headers and body that engines send") {
  PushedHost host;
  const auto push = host.begin({k_base});
  push->put_image(upload_of(k_base));
  finish(*push);
  const auto field = [&](const std::string& of, const char* name) {
    const auto seen = host.server.seen(of);
    REQUIRE(seen.size() == 1);
    return seen[0].headers.find(name).value_or("");
  };
  const std::string json = "application/json";
  CHECK(field("PUT " + k_path + "/", "Content-Type") == json);
  CHECK(field("PUT " + k_path + "/", "X-Docker-Token") == "true");
  CHECK(field(line("PUT", k_base, "json"), "Content-Type") == json);
  CHECK(field(line("PUT", k_base, "layer"), "Content-Type") == "application/octet-stream");
  CHECK(field(line("PUT", k_base, "checksum"), "X-Docker-Checksum-Payload") ==
        payload_sum(json_of(k_base)));
  CHECK(field(line("PUT", k_base, "checksum"), "X-Docker-Checksum") ==
        "tarsum+sha256:" + sha256_hex(json_of(k_base))); // no entries
  CHECK(field("PUT " + k_path + "/tags/base", "Content-Type") == json);
  CHECK(field("PUT " + k_path + "/images", "X-Docker-Token") == "true");
  for (const auto& request : host.server.seen()) {
    CAPTURE(request.line);
    const bool is_about_index =
        request.line == "PUT " + k_path + "/" || request.line == "PUT " + k_path + "/images";
    CHECK(request.authorization == (is_about_index ? k_bob : "Token one"));
    CHECK(request.cookies == host.server.seen()[0].cookies);
  }
  CHECK(host.server.seen(line("PUT", k_base, "layer"))[0].announced_bytes == k_layer.size());
}

TEST_CASE("a verified checksum is passed on, and a layer that is no tar has no tarsum") {
  PushedHost host;
  const auto push = host.begin({k_base});
  auto upload = upload_of(k_base, "no tar at all");
  host.server.on(line("GET", k_base, "json"), {{200, json_of(k_base)}});
  push->put_image(upload);
  upload.image.payload_checksums = {"tarsum+sha256:told"};
  upload.verified_checksum = "sha256:known";
  push->put_image(upload);
  const auto seen = host.server.seen(line("PUT", k_base, "checksum"));
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].headers.find("X-Docker-Checksum-Payload") ==
        payload_sum(json_of(k_base), "no tar at all"));
  CHECK_FALSE(seen[0].headers.find("X-Docker-Checksum"));
  CHECK(seen[1].headers.find("X-Docker-Checksum-Payload") == "sha256:known");
  CHECK(seen[1].headers.find("X-Docker-Checksum") == "tarsum+sha256:told");
}

TEST_CASE("layers of one chain are sent in parallel, and a child is complete after its parent") {
  PushedHost host;
  std::mutex mutex;
  std::condition_variable changed;
  bool is_child_on_its_way = false;
  host.server.on(line("PUT", k_top, "layer"), [&](const SeenRequest&) {
    const std::lock_guard lock(mutex);
    is_child_on_its_way = true;
    changed.notify_all();
    return Reply{200};
  });
  host.server.on(line("PUT", k_base, "layer"), [&](const SeenRequest&) {
    std::unique_lock lock(mutex);
    CHECK(changed.wait_for(lock, std::chrono::seconds(30), [&] { return is_child_on_its_way; }));
    return Reply{200};
  });
  const auto push = host.begin({k_top});
  std::thread child([&] { CHECK(push->put_image(upload_of(k_top)) == PutOutcome::stored); });
  CHECK(push->put_image(upload_of(k_base)) == PutOutcome::stored);
  child.join();
  const auto lines = host.server.lines();
  const auto at = [&](const std::string& id, const std::string& part) {
    return std::find(lines.begin(), lines.end(), line("PUT", id, part));
  };
  CHECK(at(k_base, "json") < at(k_top, "json"));
  CHECK(at(k_base, "checksum") < at(k_top, "checksum"));
}

TEST_CASE("an image that is not complete at the registry is pushed, even over a dead upload") {
  for (const auto& before : {k_absent, k_in_progress}) {
    PushedHost host;
    host.server.on(line("GET", k_base, "json"), {before, complete(k_base)});
    const auto push = host.begin({k_base});
    CHECK_FALSE(push->find_image(k_base));
    CHECK(push->put_image(upload_of(k_base)) == PutOutcome::stored);
  }
}

TEST_CASE("an image that another client completes is accepted if it is the same") {
  for (const std::string part : {"json", "layer", "checksum"}) {
    CAPTURE(part);
    PushedHost host;
    host.server.on(line("PUT", k_base, part), {k_exists});
    host.server.on(line("GET", k_base, "json"), {k_in_progress, k_in_progress, complete(k_base)});
    const auto push = host.begin({k_base});
    CHECK(push->put_image(upload_of(k_base)) == PutOutcome::already_there);
    CHECK(host.server.seen(line("GET", k_base, "json")).size() == 3);
    CHECK(host.server.notes() ==
          "another client is pushing image aaaaaaaaaaaa to host:5000; waiting for it\n");
  }
}

TEST_CASE("a different image with the same ID is refused") {
  struct Row {
    const char* difference;
    Reply there;
  };
  const auto json = json_of(k_base);
  const Row rows[] = {
      {"its JSON is another", {200, R"({"id":")" + k_base + R"(","comment":"mine"})"}},
      {"its layer has 7 bytes", {200, json, {{"X-Docker-Size", "7"}}}},
      // Which only the bytes of our layer tell.
      {"its layer has payload checksum sha256:other instead of sha256:",
       {200, json, {{"X-Docker-Checksum-Payload", R"(["sha256:other"])"}}}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.difference);
    PushedHost host;
    host.server.on(line("PUT", k_base, "json"), {k_exists});
    host.server.on(line("GET", k_base, "json"), {row.there});
    const auto push = host.begin({k_base});
    const auto error = error_of([&] { push->put_image(upload_of(k_base)); });
    CHECK(error.kind() == ErrorKind::integrity);
    CHECK(error.message().find(row.difference) != std::string::npos);
  }
}

TEST_CASE("an image that the registry refuses but does not have is sent again from its JSON") {
  for (const std::string part : {"json", "layer", "checksum"}) {
    CAPTURE(part);
    PushedHost host;
    host.server.on(line("PUT", k_base, part), {k_exists, {200}});
    host.server.on(line("GET", k_base, "json"), {k_absent, complete(k_base)});
    const auto push = host.begin({k_base});
    CHECK(push->put_image(upload_of(k_base)) == PutOutcome::stored);
    CHECK(host.server.seen(line("PUT", k_base, "json")).size() == 2);
    CHECK(host.server.seen(line("PUT", k_base, part)).size() == 2);
    CHECK(host.server.notes().empty()); // nobody else is pushing it
  }
}

TEST_CASE("a refused image that never appears is an error") {
  PushedHost host;
  host.server.on(line("PUT", k_base, "json"), {k_exists});
  host.server.on(line("GET", k_base, "json"), {k_absent});
  const auto push = host.begin({k_base});
  const auto error = error_of([&] { push->put_image(upload_of(k_base)); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(error.message() == "host:5000 does not take image aaaaaaaaaaaa, saying 'Image already "
                           "exists', but does not have it either");
  CHECK(host.server.seen(line("PUT", k_base, "json")).size() == 2); // as many as --retry allows
}

TEST_CASE("the wait for an image that another client never completes ends") {
  PushedHost host;
  host.server.told.stall_timeout = std::chrono::milliseconds(0);
  host.server.on(line("PUT", k_base, "json"), {k_exists});
  host.server.on(line("GET", k_base, "json"), {k_in_progress});
  const auto push = host.begin({k_base});
  const auto error = error_of([&] { push->put_image(upload_of(k_base)); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(error.message().find("another client has been pushing image") == 0);
}

TEST_CASE("a server's error ends an image, which can be sent again from its JSON") {
  PushedHost host;
  host.server.on(line("PUT", k_base, "layer"), {{500, "<title>broken</title>"}, {200}});
  const auto push = host.begin({k_base});
  const auto error = error_of([&] { push->put_image(upload_of(k_base)); });
  CHECK(error.kind() == ErrorKind::unavailable);
  CHECK(error.message() ==
        "cannot put the layer of image aaaaaaaaaaaa: http://host:5000 answered 500 (broken)");
  CHECK(push->put_image(upload_of(k_base)) == PutOutcome::stored);
  CHECK(host.server.lines() == Lines{"PUT " + k_path + "/", line("PUT", k_base, "json"),
                                     line("PUT", k_base, "layer"), line("PUT", k_base, "json"),
                                     line("PUT", k_base, "layer"), line("PUT", k_base, "checksum"),
                                     line("GET", k_base, "json")});
}

TEST_CASE("a JSON that is known only at the layer's end is sent again with the layer") {
  /// Replaces the JSON when its end is read.
  class LearningSource final : public Source {
  public:
    LearningSource(std::string layer, std::string& json)
        : layer_(make_text_source(std::move(layer))), json_(json) {}
    std::size_t read(std::span<std::byte> out) override {
      const auto n = layer_->read(out);
      if (n == 0) {
        json_ = json_of(k_base);
      }
      return n;
    }

  private:
    std::unique_ptr<Source> layer_;
    std::string& json_;
  };
  PushedHost host;
  auto upload = upload_of(k_base);
  upload.image.json += " ";
  upload.layer = [&] { return std::make_unique<LearningSource>(k_layer, upload.image.json); };
  const auto push = host.begin({k_base});
  CHECK(push->put_image(upload) == PutOutcome::stored);
  const auto jsons = host.server.seen(line("PUT", k_base, "json"));
  REQUIRE(jsons.size() == 2);
  CHECK(jsons[1].body == json_of(k_base));
  CHECK(host.server.seen(line("PUT", k_base, "layer")).size() == 2);
  REQUIRE(host.server.seen(line("PUT", k_base, "checksum")).size() == 1);
  CHECK(host.server.seen(line("PUT", k_base, "checksum"))[0].headers.find(
            "X-Docker-Checksum-Payload") == payload_sum(json_of(k_base)));
}

TEST_CASE("a checksum that the registry rejects is an integrity error") {
  PushedHost host;
  host.server.on(line("PUT", k_base, "checksum"), {{400, R"({"error": "Checksum mismatch"})"}});
  const auto push = host.begin({k_base});
  const auto error = error_of([&] { push->put_image(upload_of(k_base)); });
  CHECK(error.kind() == ErrorKind::integrity);
  CHECK(error.message() == "the registry holds other bytes of the layer of image aaaaaaaaaaaa than "
                           "were sent (Checksum mismatch)");
}

TEST_CASE("an image that the registry stores with another size never counts") {
  PushedHost host;
  host.server.on(line("GET", k_base, "json"),
                 {{200, json_of(k_base), {{"X-Docker-Size", "1000"}}}});
  const auto push = host.begin({k_base});
  const auto refused = [&] {
    const auto error = error_of([&] { push->put_image(upload_of(k_base)); });
    CHECK(error.kind() == ErrorKind::integrity);
    CHECK(error.message() == "the registry holds 1000 bytes of the layer of image aaaaaaaaaaaa, of "
                             "which 1024 were sent");
  };
  refused();
  // To a second attempt the registry says that it has the image.
  host.server.on(line("PUT", k_base, "json"), {k_exists});
  refused();
  host.server.on(line("GET", k_base, "json"), {complete(k_base)});
  refused();
}

TEST_CASE(
    "an accepted image that is missing is an integrity error, unless only tags make it visible") {
  PushedHost host;
  host.server.on(line("GET", k_base, "json"), {k_absent});
  CHECK(failure([&] { host.begin({})->put_image(upload_of(k_base)); }) == ErrorKind::integrity);
  const auto push = host.begin({k_base}); // as at Quay
  CHECK(push->put_image(upload_of(k_base)) == PutOutcome::stored);
  CHECK(failure([&] { finish(*push); }) == ErrorKind::integrity);
  host.server.on(line("GET", k_base, "json"), {k_absent, complete(k_base)});
  const auto shown = host.begin({k_base});
  CHECK(shown->put_image(upload_of(k_base)) == PutOutcome::stored);
  finish(*shown);
}

TEST_CASE("an accepted tag must lead to its image, after a moment at the latest") {
  PushedHost host;
  const auto tags = "GET " + k_path + "/tags";
  const auto tag = tags + "/base";
  const Reply none = {200, "{}"};
  const Reply other = {200, R"({"base": ")" + k_top + "\"}"};
  const Reply right = {200, R"({"base": ")" + k_base + "\"}"};

  host.server.on(tag, {{200, "\"" + k_base + "\""}});
  finish(*host.begin({k_base}));
  CHECK(host.server.seen(tags).empty()); // one tag is asked for by itself

  host.server.on(tag, {k_absent});
  host.server.on(tags, {none, other, right});
  finish(*host.begin({k_base}));

  host.server.on(tags, {none});
  CHECK(error_of([&] { finish(*host.begin({k_base})); }).message() ==
        "tag host:5000/team/app:base is not there although the registry accepted it");
  host.server.on(tags, {other});
  const auto error = error_of([&] { finish(*host.begin({k_base})); });
  CHECK(error.kind() == ErrorKind::integrity);
  CHECK(error.message() == "tag host:5000/team/app:base leads to image bbbbbbbbbbbb although the "
                           "registry accepted it for aaaaaaaaaaaa");
}

TEST_CASE("abandoning a push wakes threads that wait for a parent") {
  PushedHost host;
  const auto push = host.begin({k_base});
  push->abandon(std::make_exception_ptr(Error(ErrorKind::local_io, "the source is gone")));
  CHECK(failure([&] { push->put_image(upload_of(k_top)); }) == ErrorKind::local_io);
}

TEST_CASE("a push that cannot begin or end is an error") {
  PushedHost host;
  host.server.on("PUT " + k_path + "/", {{500, "no"}});
  CHECK(error_of([&] { host.begin({}); }).message() ==
        "cannot begin a push to host:5000/team/app: http://host:5000 answered 500 (no)");
  V1PushPlan plan;
  CHECK(failure([&] { begin_push(host.session("team/deep/app"), plan); }) ==
        ErrorKind::unsupported); // npm's server
  host.server.on("PUT " + k_path + "/", {{200}});
  host.server.on("PUT " + k_path + "/images", {{403, "no"}});
  CHECK(failure([&] { finish(*host.begin({k_base})); }) == ErrorKind::denied);
}

TEST_SUITE_END();
