// SPDX-License-Identifier: Apache-2.0
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

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v1;
using namespace regctl::test;

namespace {

using Lines = std::vector<std::string>;

const std::string k_id(64, 'a');
const std::string k_parent(64, 'b');
const std::string k_path = "/v1/repositories/team/app";
const std::string k_json = R"({"id":")" + k_id + R"(","parent":")" + k_parent + "\"}";
const std::string k_image = "/v1/images/" + k_id;

const Reply k_absent = {404, R"({"error": "not found"})"};

/// 30 kB that are nowhere the same.
std::string sample() {
  std::string text;
  for (int i = 0; text.size() < 30'000; ++i) {
    text += std::to_string(i) + ",";
  }
  return text;
}

std::string sum_of(const std::string& layer) {
  return "sha256:" + sha256_hex(k_json + "\n" + layer);
}

struct ReadHost : V1Host {
  RemoteRepository repository() { return RemoteRepository(session()); }

  /// Serves this layer with size and sum.
  void has(const std::string& layer) {
    server.on("GET " + k_image + "/json",
              {{200,
                k_json,
                {{"X-Docker-Size", std::to_string(layer.size())},
                 {"X-Docker-Checksum-Payload", "[\"" + sum_of(layer) + "\"]"}}}});
    server.on("GET " + k_image + "/layer", {{200, layer}});
  }

  std::string read_layer(LayerCheck check = LayerCheck::verify) {
    auto from = repository();
    const auto image = from.find_image(k_id);
    REQUIRE(image);
    return read_text(*from.open_layer(*image, check), 1'000'000, "the layer");
  }

  /// The Range of each request for the layer.
  Lines ranges() {
    Lines ranges;
    for (const auto& request : server.seen("GET " + k_image + "/layer")) {
      ranges.push_back(request.headers.find("Range").value_or(""));
    }
    return ranges;
  }
};

/// Where the range "bytes=FIRST-LAST" of a request begins.
std::size_t first_of(const SeenRequest& request) {
  return std::stoul(request.headers.find("Range").value().substr(6));
}

/// The range that is asked for, as docker-registry 0.9 names it.
Reply range_of(const std::string& layer, std::size_t first, std::size_t named_first) {
  return {206,
          layer.substr(first),
          {{"Content-Range", std::to_string(named_first) + "-" + std::to_string(layer.size() - 1) +
                                 "/" + std::to_string(layer.size())}}};
}

} // namespace

TEST_SUITE_BEGIN("registry/v1/repository");

TEST_CASE("the tags of a repository") {
  ReadHost host;
  host.server.on("GET " + k_path + "/tags", {{200, R"({"1.0": ")" + k_id + R"(", "bad": null})"}});
  CHECK(host.repository().tags() == V1Tags{{"1.0", k_id}, {"bad", std::nullopt}});
  CHECK(host.server.lines() == Lines{"GET " + k_path + "/tags"});
  host.server.on("GET " + k_path + "/tags", {k_absent});
  CHECK(failure([&] { host.repository().tags(); }) == ErrorKind::not_found);
  host.server.on("GET " + k_path + "/tags", {{500, "<title>broken</title>"}});
  CHECK(failure([&] { host.repository().tags(); }) == ErrorKind::unavailable);
  host.server.on("GET " + k_path + "/tags", {{200, "<html>"}});
  CHECK(failure([&] { host.repository().tags(); }) == ErrorKind::protocol);
}

TEST_CASE("a tag with a shortened ID in the list is asked for by itself") {
  ReadHost host;
  host.server.on("GET " + k_path + "/tags", {{200, R"([{"layer": "aaaaaaaa", "name": "a b"}])"}});
  host.server.on("GET " + k_path + "/tags/a%20b", {{200, k_id + "\n"}}); // npm's server: bare
  CHECK(host.repository().tags() == V1Tags{{"a b", k_id}});
}

TEST_CASE("an image with its JSON's exact bytes, its layer's size and its sums") {
  ReadHost host;
  host.has("layer");
  const auto image = host.repository().find_image(k_id);
  REQUIRE(image);
  CHECK(image->json == k_json);
  CHECK(image->layer_size_bytes == 5);
  CHECK(image->payload_checksums == Lines{sum_of("layer")});
  CHECK(image->json_candidates.empty());
}

TEST_CASE("a bare checksum shows a server that prints the JSON anew") {
  ReadHost host;
  host.server.on("GET " + k_image + "/json",
                 {{200, k_json, {{"X-Docker-Checksum", sum_of("layer")}}}});
  const auto image = host.repository().find_image(k_id);
  REQUIRE(image);
  CHECK(image->payload_checksums == Lines{sum_of("layer")});
  CHECK(image->json_candidates.size() > 1);
}

TEST_CASE("a running upload is waited for, and a dead one is an error") {
  ReadHost host;
  const Reply in_progress = {400, R"({"error": "Image is being uploaded, retry later"})"};
  host.server.on("GET " + k_image + "/json", {in_progress, in_progress, {200, k_json}});
  CHECK(host.repository().find_image(k_id));
  host.server.on("GET " + k_image + "/json", {in_progress});
  CHECK(host.repository().look_up(k_id).state == V1ImageState::in_progress);
  host.server.forget();
  CHECK(failure([&] { host.repository().find_image(k_id); }) == ErrorKind::unavailable);
  CHECK(host.server.lines().size() == 3);
}

TEST_CASE("a missing image gives nothing, and the JSON of another image is refused") {
  ReadHost host;
  CHECK_FALSE(host.repository().find_image(k_id));
  host.server.on("GET " + k_image + "/json", {{200, R"({"id":")" + k_parent + "\"}"}});
  CHECK(failure([&] { host.repository().find_image(k_id); }) == ErrorKind::protocol);
}

TEST_CASE("a missing ancestry gives nothing, and a 500 is not retried") {
  ReadHost host;
  const auto line = "GET " + k_image + "/ancestry";
  host.server.on(line, {{200, R"([")" + k_id + R"(", ")" + k_parent + "\"]"}});
  CHECK(host.repository().ancestry(k_id) == Lines{k_id, k_parent});
  CHECK(host.server.seen(line)[0].repeat == http::Repeat::not_after_500);
  for (const auto& reply : {Reply{404}, Reply{400}, Reply{500}, Reply{200, "{}"}, Reply{200, "[7]"},
                            Reply{200, R"(["short"])"}, Reply{200, "no JSON"}}) {
    host.server.on(line, {reply});
    CHECK_FALSE(host.repository().ancestry(k_id));
  }
}

TEST_CASE("a layer is read as it is stored, without a range") {
  ReadHost host;
  host.has(sample());
  CHECK(host.read_layer() == sample());
  CHECK(host.ranges() == Lines{""});
}

TEST_CASE("a layer of 0 bytes is not requested, and a 416 for one is accepted") {
  ReadHost host;
  host.has("");
  CHECK(host.read_layer(LayerCheck::none).empty());
  CHECK(host.ranges().empty());
  host.server.on("GET " + k_image + "/json", {{200, k_json}});
  host.server.on("GET " + k_image + "/layer", {{416}});
  CHECK(host.read_layer(LayerCheck::none).empty());
}

TEST_CASE("a cut download continues with a range that names its last byte") {
  ReadHost host;
  host.has(sample());
  host.server.on("GET " + k_image + "/layer", [&](const SeenRequest& request) {
    if (!request.headers.find("Range")) {
      return Reply{200, sample().substr(0, 20'000), {}, Reply::End::cut};
    }
    return range_of(sample(), first_of(request), first_of(request));
  });
  CHECK(host.read_layer() == sample());
  const auto ranges = host.ranges();
  REQUIRE(ranges.size() == 2);
  CHECK(ranges[1].ends_with("-" + std::to_string(sample().size() - 1)));
  CHECK(first_of(host.server.seen("GET " + k_image + "/layer")[1]) < 20'000);
  CHECK(host.server.notes().find("continuing there (1 of 5)") != std::string::npos);
}

TEST_CASE("after a wrong or missing range the download starts again from the beginning") {
  const Reply none[] = {{404, "gone"}, {416, "no"}, range_of(sample(), 7, 25'000)};
  for (const auto& reply : none) {
    CAPTURE(reply.status);
    ReadHost host;
    host.has(sample());
    host.server.on(
        "GET " + k_image + "/layer",
        {{200, sample().substr(0, 20'000), {}, Reply::End::cut}, reply, {200, sample()}});
    CHECK(host.read_layer() == sample());
    REQUIRE(host.ranges().size() == 3);
    CHECK(host.ranges()[2].empty());
  }
}

TEST_CASE("bytes that changed between two requests are refused") {
  ReadHost host;
  host.has(sample());
  auto changed = sample();
  changed[100] ^= 1;
  changed[19'000] ^= 1;
  host.server.on("GET " + k_image + "/layer", [&](const SeenRequest& request) {
    if (request.headers.find("Range")) {
      return range_of(changed, first_of(request), first_of(request));
    }
    return host.ranges().size() == 1 ? Reply{200, sample().substr(0, 20'000), {}, Reply::End::cut}
                                     : Reply{200, changed};
  });
  CHECK(failure([&] { host.read_layer(LayerCheck::none); }) == ErrorKind::integrity);
}

TEST_CASE("a download without progress is given up") {
  ReadHost host;
  host.server.told.retries = 2;
  host.has(sample());
  host.server.on("GET " + k_image + "/layer", {{200, "", {}, Reply::End::cut}});
  CHECK(failure([&] { host.read_layer(); }) == ErrorKind::unavailable);
  CHECK(host.ranges().size() == 3);
}

TEST_CASE("a layer that does not match its image is an integrity error") {
  ReadHost host;
  host.has(sample());
  auto damaged = sample();
  damaged[100] ^= 1;
  host.server.on("GET " + k_image + "/layer", {{200, damaged}});
  CHECK(failure([&] { host.read_layer(); }) == ErrorKind::integrity);
  CHECK(host.read_layer(LayerCheck::none) == damaged);
  host.server.on("GET " + k_image + "/layer", {{200, sample() + "more"}});
  CHECK(failure([&] { host.read_layer(LayerCheck::none); }) == ErrorKind::integrity);
}

TEST_CASE("an error instead of a layer quotes the server's message") {
  ReadHost host;
  host.has(sample());
  host.server.on("GET " + k_image + "/layer", {k_absent});
  CHECK(failure([&] { host.read_layer(); }) == ErrorKind::not_found);
}

TEST_CASE("a tag is set with the ID as a JSON string, and announced if a token is needed") {
  ReadHost host;
  host.server.on("PUT " + k_path + "/", {{200, "", {token_header("write")}}});
  host.server.on("PUT " + k_path + "/tags/1.0", [](const SeenRequest& request) {
    return request.authorization == "Token write" ? Reply{200}
                                                  : Reply{401, "", {{"WWW-Authenticate", "Token"}}};
  });
  host.repository().put_tag("1.0", k_id);
  CHECK(host.server.seen().back().body == "\"" + k_id + "\"");
  CHECK(host.server.seen("PUT " + k_path + "/").at(0).body ==
        R"([{"id":")" + k_id + R"(","Tag":"1.0"}])");
}

TEST_CASE("a tag is removed if it exists, and a retry accepts that it is gone") {
  ReadHost host;
  const Reply listed = {200, R"({"1.0": ")" + k_id + "\"}"};
  const Reply empty = {200, "{}"};
  const auto remove = "DELETE " + k_path + "/tags/1.0";
  host.server.on("GET " + k_path + "/tags", {empty});
  CHECK(failure([&] { host.repository().remove_tag("1.0"); }) == ErrorKind::not_found);
  CHECK(host.server.seen(remove).empty());

  host.server.on("GET " + k_path + "/tags", {listed});
  host.server.on(remove, {{200}});
  host.repository().remove_tag("1.0");

  host.server.on("GET " + k_path + "/tags", {listed, empty});
  host.server.on(remove, {k_absent});
  host.repository().remove_tag("1.0");

  host.server.on("GET " + k_path + "/tags", {listed});
  CHECK(failure([&] { host.repository().remove_tag("1.0"); }) == ErrorKind::not_found);
}

TEST_CASE("a repository is removed by an index request if the server supports that") {
  ReadHost host;
  const auto remove = "DELETE " + k_path + "/";
  CHECK(failure([&] { host.repository().remove(); }) == ErrorKind::not_found);
  CHECK(host.server.seen(remove).empty());

  host.server.on("GET " + k_path + "/tags", {{200, "{}"}});
  host.server.on(remove, {{200}});
  host.repository().remove();
  CHECK(host.server.seen().back().headers.find("X-Docker-Token") == "true");

  host.server.on(remove, {{405}});
  CHECK(failure([&] { host.repository().remove(); }) == ErrorKind::unsupported);

  host.server.on("GET " + k_path + "/tags", {{200, "{}"}, k_absent}); // an attempt before did it
  host.server.on(remove, {k_absent});
  host.repository().remove();
}

TEST_SUITE_END();
