// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_tree.hpp"
#include "support/bucket_options.hpp"
#include "support/failure.hpp"
#include "support/fake_bucket.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/formats/v2_storage.hpp>
#include <regctl/model/oci/referrers_index.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::objects;
using namespace regctl::test;

namespace {

using Names = std::vector<std::string>;

struct Fixture {
  FakeServer server{"http://s3:9000"};
  FakeBucket stored{server};
  std::shared_ptr<V2Storage> storage = open(V2Storage::Missing::create);

  std::shared_ptr<V2Storage> open(V2Storage::Missing missing = V2Storage::Missing::error) {
    return V2Storage::open(
        open_bucket_tree(std::make_shared<Bucket>(server, bucket_options()), "r"), missing);
  }

  oci::Descriptor put(const std::string& text, const std::optional<oci::Digest>& digest) const {
    const auto open_text = [text] { return make_text_source(text); };
    const auto put = storage->repository("team/app")->put_blob({digest, text.size(), open_text});
    return {.media_type = std::string(oci::k_oci_layer),
            .digest = put.digest,
            .size_bytes = put.size_bytes};
  }

  oci::Document put_image(const std::string& tag, const std::string& text) const {
    Json json = Json::object();
    json["schemaVersion"] = 2;
    json["mediaType"] = std::string(oci::k_oci_manifest);
    json["config"] = put("{}", oci::Digest::of("{}")).to_json();
    json["layers"] = Json::array({put(text, {}).to_json()});
    const auto document = oci::make_document(json.dump(), {}, {}, "an image");
    storage->repository("team/app")->put_manifest(document, tag);
    return document;
  }

  [[nodiscard]] std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    for (const auto& [key, bytes] : stored.objects()) {
      keys.push_back(key);
    }
    return keys;
  }
};

Names tags_of(const V2Storage& storage, OciRepository& repository) {
  CHECK(storage.has_repository("team/app"));
  Names names;
  repository.list_tags(
      [&](const Names& page) { names.insert(names.end(), page.begin(), page.end()); });
  return names;
}

} // namespace

TEST_SUITE_BEGIN("objects/v2_storage");

TEST_CASE("an image in a bucket has the keys that distribution gives it") {
  Fixture bucket;
  CHECK(failure([&] { bucket.open(); }) == ErrorKind::not_found);
  const auto document = bucket.put_image("1", "layer");
  const auto key = [](const std::string& path) { return "r/" + path; };
  const auto config = oci::Digest::of("{}");
  const auto layer = oci::Digest::of("layer");
  std::vector<std::string> expected{
      key(v2_paths::blob(config)),
      key(v2_paths::blob(layer)),
      key(v2_paths::blob(document.digest)),
      key(v2_paths::link_in(v2_paths::layer("team/app", config))),
      key(v2_paths::link_in(v2_paths::layer("team/app", layer))),
      key(v2_paths::link_in(v2_paths::revision("team/app", document.digest))),
      key(v2_paths::link_in(v2_paths::tag_index("team/app", "1", document.digest))),
      key(v2_paths::link_in(v2_paths::current("team/app", "1")))};
  std::sort(expected.begin(), expected.end());
  CHECK(bucket.keys() == expected);
}

TEST_CASE("an image in a bucket is found by another process") {
  Fixture bucket;
  const auto document = bucket.put_image("1", "layer");
  const auto other = bucket.open();
  for (const auto& seen : {other->snapshot(), std::shared_ptr<const V2Storage>(other)}) {
    Names names;
    seen->for_each_repository([&](const std::string& name) { names.push_back(name); });
    CHECK(names == Names{"team/app"});
  }
  const auto repository = other->repository("team/app");
  CHECK(tags_of(*other, *repository) == Names{"1"});
  CHECK(repository->read_manifest(oci::ManifestName::tag("1"))->bytes == document.bytes);
  const auto manifest = oci::Manifest::parse(document.bytes, {}, "it");
  CHECK(read_text(*repository->open_blob(manifest.layers[0]), 100, "it") == "layer");
}

TEST_CASE("of a wrong blob nothing stays in a bucket") {
  Fixture bucket;
  CHECK(failure([&] { bucket.put("layer", oci::Digest::of("other")); }) == ErrorKind::integrity);
  CHECK(bucket.keys().empty());
}

TEST_CASE("of a blob that the server does not copy to its place nothing stays in a bucket") {
  for (const auto& reply : {Reply{501, "<Error><Code>NotImplemented</Code></Error>"},
                            Reply{403, "<Error><Code>AccessDenied</Code></Error>"}}) {
    Fixture bucket;
    bucket.server.guard = [&, usual = bucket.server.guard](const SeenRequest& request) {
      return request.headers.find("x-amz-copy-source") ? reply : usual(request);
    };
    CHECK_THROWS_AS(bucket.put("layer", {}), Error);
    CHECK(bucket.keys().empty());
  }
}

TEST_CASE("a tag that begins another one's name is removed alone") {
  Fixture bucket;
  bucket.put_image("latest", "one");
  bucket.put_image("latest-dev", "two");
  const auto repository = bucket.storage->repository("team/app");
  repository->remove_tag("latest");
  CHECK(tags_of(*bucket.storage, *repository) == Names{"latest-dev"});
  CHECK(repository->find_manifest(oci::ManifestName::tag("latest-dev")));
}

TEST_CASE("a link is written again, so that no collection takes it for old") {
  Fixture bucket;
  const auto blob = bucket.put("layer", oci::Digest::of("layer"));
  const auto link = "r/" + v2_paths::link_in(v2_paths::layer("team/app", blob.digest));
  bucket.stored.put(link, blob.digest.to_string(), 1'000'000'000);
  bucket.put("layer", oci::Digest::of("layer"));
  const auto changed = bucket.storage->tree().last_change(v2_paths::layer("team/app", blob.digest));
  REQUIRE(changed);
  CHECK(std::chrono::system_clock::to_time_t(*changed) > 1'000'000'000);
}

TEST_SUITE_END();
