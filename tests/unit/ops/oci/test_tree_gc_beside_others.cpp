// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_tree.hpp"
#include "support/bucket_options.hpp"
#include "support/fake_bucket.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/ops/oci/tree_audit.hpp>
#include <regctl/ops/oci/tree_gc.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::ops;
using namespace regctl::test;
using namespace std::chrono_literals;

namespace {

/// A tree in a bucket, which a collection cleans while others write to it.
struct Fixture {
  FakeServer server{"http://s3:9000"};
  FakeBucket stored{server};
  std::shared_ptr<V2Storage> storage = open();

  std::shared_ptr<V2Storage> open() {
    auto bucket = std::make_shared<objects::Bucket>(server, bucket_options());
    return V2Storage::open(objects::open_bucket_tree(std::move(bucket), ""),
                           V2Storage::Missing::create);
  }

  static oci::Descriptor put_text(V2Storage& into, const std::string& name,
                                  const std::string& text) {
    into.repository(name)->put_blob({{}, {}, [text] { return make_text_source(text); }});
    return layer_of(text);
  }

  static oci::Descriptor layer_of(const std::string& text) {
    return {.media_type = std::string(oci::k_oci_layer),
            .digest = oci::Digest::of(text),
            .size_bytes = text.size()};
  }

  static oci::Document image_of(const std::string& text) {
    Json json = Json::object();
    json["schemaVersion"] = 2;
    json["mediaType"] = std::string(oci::k_oci_manifest);
    json["config"] = layer_of("config of " + text).to_json();
    json["layers"] = Json::array({layer_of(text).to_json()});
    return oci::make_document(json.dump(), {}, {}, "an image");
  }

  static void put_image(V2Storage& into, const std::string& name, const std::string& text,
                        const std::optional<std::string>& tag) {
    put_text(into, name, "config of " + text);
    put_text(into, name, text);
    into.repository(name)->put_manifest(image_of(text), tag);
  }

  /// Everything that is stored becomes older than any grace.
  void grow_old() {
    constexpr std::time_t k_long_ago = 1'000'000'000;
    for (const auto& [key, bytes] : stored.objects()) {
      stored.put(key, bytes, k_long_ago);
    }
  }

  TreeGcReport collect() {
    return collect_tree_garbage(
        storage, {.apply = true}, [](const TreeGarbage&) {},
        [](const std::string&, const std::string&) {});
  }

  [[nodiscard]] bool is_sound(const std::string& name, const std::string& tag) {
    bool is_sound = false;
    audit_tree(*open(), {.deep = true, .repository = name, .tag = tag},
               {[&](const AuditedManifest& found) { is_sound = found.state == TreeState::sound; },
                {},
                {}});
    return is_sound;
  }

  [[nodiscard]] bool has(const std::string& text) const {
    return stored.objects().count(v2_paths::blob(oci::Digest::of(text))) > 0;
  }
};

/// A push of the image "old", whose manifest, links and blobs are garbage by now.
struct Push {
  std::string what;
  std::string repository;
  std::function<void(V2Storage&)> send;
  bool sends_blobs = false;
};

const std::vector<Push> k_pushes = {
    {"all of it", "app", [](V2Storage& into) { Fixture::put_image(into, "app", "old", "new"); },
     true},
    {"only what is not there", "app",
     [](V2Storage& into) {
       into.repository("app")->put_manifest(Fixture::image_of("old"), "new");
     }},
    {"what another repository has", "other",
     [](V2Storage& into) {
       const auto other = into.repository("other");
       for (const auto* text : {"config of old", "old"}) {
         if (!other->mount_blob(Fixture::layer_of(text), "app")) {
           throw Error(ErrorKind::not_found, "it is gone");
         }
       }
       other->put_manifest(Fixture::image_of("old"), "new");
     }},
    {"its first tag's name", "late",
     [](V2Storage& into) { Fixture::put_image(into, "late", "old", "new"); }, true},
};

/// Runs a collection during which the push comes before the request with this number. The blobs are
/// garbage, or another repository needs them. Returns false if there were fewer requests.
bool collect_and_push(const Push& push, bool is_shared, std::size_t moment) {
  CAPTURE(push.what);
  CAPTURE(is_shared);
  CAPTURE(moment);
  Fixture bucket;
  Fixture::put_image(*bucket.storage, "app", "kept", "kept");
  Fixture::put_image(*bucket.storage, "app", "old", {});
  Fixture::put_image(*bucket.storage, "other", is_shared ? "old" : "other", "1");
  bucket.grow_old();
  const auto pusher = bucket.open();
  std::size_t number = 0;
  bool is_pushing = false;
  bool is_pushed = false;
  bucket.server.before = [&](const SeenRequest& request) {
    if (is_pushing || number++ != moment) {
      return;
    }
    // The age of a blob is looked at right before it goes. No push is sent and verified in between.
    const bool is_too_late = push.sends_blobs && request.line.starts_with("DELETE ") &&
                             request.line.find("/blobs/") != std::string::npos;
    is_pushing = true;
    try {
      if (!is_too_late) {
        push.send(*pusher);
        is_pushed = true;
      }
    } catch (const Error&) { // not all of it is there any more
    }
    is_pushing = false;
  };
  bucket.collect();
  bucket.server.before = nullptr;
  CHECK(bucket.is_sound("app", "kept"));
  CHECK(bucket.is_sound("other", "1"));
  if (is_pushed) {
    CHECK(bucket.is_sound(push.repository, "new"));
  }
  return number > moment;
}

} // namespace

TEST_SUITE_BEGIN("ops/oci/tree_gc_beside_others");

TEST_CASE("an image that is pushed at any moment of a collection stays whole") {
  for (const auto& push : k_pushes) {
    for (const bool is_shared : {false, true}) {
      std::size_t moment = 0;
      while (collect_and_push(push, is_shared, moment)) {
        ++moment;
      }
      CHECK(moment > 10);
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "a link that a push came to need as it was removed is put back") {
  put_image(*storage, "app", "kept", "kept");
  put_image(*storage, "app", "old", {});
  grow_old();
  const auto before = stored.objects();
  bool is_done = false;
  server.before = [&](const SeenRequest& request) {
    if (!is_done && request.line.starts_with("DELETE /b/" + v2_paths::layers("app"))) {
      is_done = true;
      storage->repository("app")->put_manifest(image_of("old"), "new");
    }
  };
  const auto report = collect();
  CHECK(report.put_back > 0);
  CHECK(report.links == 0);
  for (const auto& object : before) {
    const auto& key = object.first;
    CAPTURE(key);
    CHECK(stored.objects().count(key) == 1);
  }
  CHECK(is_sound("app", "new"));
}

TEST_CASE_FIXTURE(Fixture, "what is pushed while very many blobs are removed keeps its own") {
  put_image(*storage, "app", "kept", "kept");
  std::vector<oci::Digest> strays;
  for (int i = 0; i < 70; ++i) {
    const auto text = "stray " + std::to_string(i);
    stored.put(v2_paths::blob(oci::Digest::of(text)), text, 0);
    strays.push_back(oci::Digest::of(text));
  }
  std::sort(strays.begin(), strays.end());
  grow_old();
  std::size_t removed = 0;
  server.before = [&](const SeenRequest& request) { // as a server of distribution links a blob
    if (request.line.starts_with("DELETE ") && ++removed == 64) {
      open()->put_link(v2_paths::layer("app", strays.back()), strays.back());
    }
  };
  CHECK(collect().blobs == 69);
  CHECK(stored.objects().count(v2_paths::blob(strays.back())) == 1);
}

TEST_CASE_FIXTURE(Fixture, "a collection that finds no garbage looks once") {
  put_image(*storage, "app", "kept", "kept");
  grow_old();
  server.forget();
  collect();
  const auto lines = server.lines();
  CHECK(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
          return line.find("list-type") != std::string::npos;
        }) == 2);
}

TEST_CASE_FIXTURE(Fixture, "a blob that a killed process left without its digest is removed") {
  put_image(*storage, "app", "kept", "kept");
  const std::string name(32, 'a');
  const auto of_app = v2_paths::uploads("app") + "/";
  const auto of_new = v2_paths::uploads("team/new") + "/" + name; // that has nothing else
  const auto elsewhere = v2_paths::layers("app") + "/" + name;
  for (const auto& key : {of_app + name, of_new, elsewhere, of_app + "notes.txt"}) {
    stored.put(key, "bytes", 0);
  }
  grow_old();
  stored.put(of_app + std::string(32, 'b'), "bytes", std::time(nullptr));
  const auto before = stored.objects();
  const auto report = collect();
  CHECK(report.unfinished == 2);
  CHECK(report.upload_bytes == 10);
  auto expected = before;
  expected.erase(of_app + name);
  expected.erase(of_new);
  CHECK(stored.objects() == expected);
}

TEST_CASE_FIXTURE(Fixture, "without the right to list uploads the rest is done, and that is told") {
  put_image(*storage, "app", "kept", "kept");
  put_image(*storage, "app", "old", {});
  grow_old();
  stored.forbids_uploads = true;
  const auto report = collect();
  CHECK(report.blobs == 3);
  CHECK(report.upload_obstacle.find("s3:ListBucketMultipartUploads") != std::string::npos);
}

TEST_SUITE_END();
