// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/referrers.hpp"
#include "registry/v2/repository.hpp"
#include "support/failure.hpp"
#include "unit/registry/v2/v2_host.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v2;
using namespace regctl::test;

namespace {

const auto k_subject = v2_manifest().digest;
const std::string k_api = "GET /v2/team/app/referrers/" + k_subject.to_string();
const std::string k_tag = "/v2/team/app/manifests/" + oci::referrers_tag(k_subject);

oci::Document referrer(const std::string& type, const oci::Digest& subject = k_subject) {
  return v2_manifest(R"(,"artifactType":")" + type + R"(","annotations":{"a":"b"},"subject":{)" +
                     R"("mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,)" +
                     R"("digest":")" + subject.to_string() + "\"}");
}

Reply index_page(const std::vector<oci::Descriptor>& manifests, const std::string& next = "") {
  auto reply = v2_reply(v2_index(manifests));
  if (!next.empty()) {
    reply.headers.add("Link", "<" + next + ">; rel=\"next\"");
  }
  return reply;
}

std::vector<oci::Digest> digests(const std::vector<oci::Descriptor>& all) {
  std::vector<oci::Digest> digests;
  for (const auto& one : all) {
    digests.push_back(one.digest);
  }
  return digests;
}

/// A registry without the API that keeps what is put.
struct Keeping {
  Keeping() {
    host.server.guard = [this](const SeenRequest& request) -> std::optional<Reply> {
      const auto space = request.line.find(' ');
      const auto path = request.line.substr(space + 1);
      if (request.line.starts_with("PUT ")) {
        kept.insert_or_assign(path, oci::Document{*request.headers.find("Content-Type"),
                                                  oci::Digest::of(request.body), request.body});
        if (after_put) {
          after_put(path);
        }
        return Reply{201};
      }
      const auto found = kept.find(path);
      return found == kept.end() ? std::nullopt : std::optional(v2_reply(found->second));
    };
  }

  void put(const oci::Document& document) {
    RemoteRepository(host.session()).put_manifest(document, std::nullopt);
  }

  std::vector<oci::Descriptor> listed() {
    const auto& index = kept.at(k_tag);
    return oci::Manifest::parse(index.bytes, index.media_type, "the index").manifests;
  }

  V2Host host;
  std::map<std::string, oci::Document> kept;
  std::function<void(const std::string& path)> after_put;
};

constexpr auto k_unknown = oci::ReferrersTag::unknown;

} // namespace

TEST_SUITE_BEGIN("registry/v2/referrers");

TEST_CASE("the API is read in pages, each referrer once, the subject never") {
  V2Host host;
  const auto one = referrer("x/one").descriptor();
  const auto two = referrer("x/two").descriptor();
  host.server.on(k_api, {index_page({one, v2_manifest().descriptor()}, "?page=2")});
  host.server.on(k_api + "?page=2", {index_page({one, two})});
  CHECK(digests(list_referrers(*host.session(), k_subject, k_unknown)) ==
        std::vector{one.digest, two.digest});
}

TEST_CASE("without the API the tag is read, and what it lacks from the manifests") {
  const auto one = referrer("x/one");
  const std::vector<Reply> absent = {
      {404, "404 page not found"}, {405}, {501}, {200, "<html>"}, {200, "{}"}, {400}, {406}};
  for (const auto& reply : absent) {
    CAPTURE(reply.status);
    V2Host host;
    host.server.on(k_api, {reply});
    host.server.on("GET " + k_tag, {v2_reply(v2_index({one.descriptor()}))});
    host.server.on("GET /v2/team/app/manifests/" + one.digest.to_string(), {v2_reply(one)});
    const auto session = host.session();
    const auto found = list_referrers(*session, k_subject, k_unknown);
    REQUIRE(found.size() == 1);
    CHECK(found[0].artifact_type == "x/one");
    CHECK(found[0].annotations == oci::Annotations{{"a", "b"}});
    list_referrers(*session, k_subject, k_unknown);
    const bool is_lasting = reply.status != 400 && reply.status != 406; // it is remembered
    CHECK(host.server.seen(k_api).size() == (is_lasting ? 1 : 2));
  }
}

TEST_CASE("a tag that is known to be absent costs no request") {
  V2Host host;
  host.server.on(k_api, {{404, "404 page not found"}});
  const auto session = host.session();
  CHECK(list_referrers(*session, k_subject, oci::ReferrersTag::absent).empty());
  CHECK(list_referrers(*session, k_subject, oci::ReferrersTag::absent).empty());
  CHECK(host.server.seen(k_api).size() == 1);
  CHECK(host.server.seen("GET " + k_tag).empty());
}

TEST_CASE("a repository that does not exist says nothing of the API") {
  V2Host host;
  host.server.on(k_api, {v2_error(404, "NAME_UNKNOWN")});
  const auto session = host.session();
  CHECK(list_referrers(*session, k_subject, k_unknown).empty());
  list_referrers(*session, k_subject, k_unknown);
  CHECK(host.server.seen(k_api).size() == 2);
}

TEST_CASE("a denial is no empty list") {
  V2Host host;
  host.server.on(k_api, {{403}});
  CHECK(failure([&] { list_referrers(*host.session(), k_subject, k_unknown); }) ==
        ErrorKind::denied);
}

TEST_CASE("an error that passes is no empty list, on the first page and on the next") {
  const auto one = referrer("x/one").descriptor();
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    CAPTURE(status);
    V2Host host;
    host.server.on(k_api, {{status}});
    host.server.on("GET " + k_tag, {v2_reply(v2_index({one}))});
    CHECK(failure([&] { list_referrers(*host.session(), k_subject, k_unknown); }) ==
          ErrorKind::unavailable);
    V2Host other;
    other.server.on(k_api, {index_page({one}, "?page=2")});
    other.server.on(k_api + "?page=2", {{status}});
    CHECK(failure([&] { list_referrers(*other.session(), k_subject, k_unknown); }) ==
          ErrorKind::unavailable);
  }
}

TEST_CASE("a list that ends in the middle is no list") {
  const auto one = referrer("x/one").descriptor();
  for (const auto& reply : {Reply{404}, Reply{200, "<html>"}}) {
    V2Host host;
    host.server.on(k_api, {index_page({one}, "?page=2")});
    host.server.on(k_api + "?page=2", {reply});
    CHECK(failure([&] { list_referrers(*host.session(), k_subject, k_unknown); }) ==
          ErrorKind::protocol);
  }
}

TEST_CASE("a referrer is not put without knowing how it is listed") {
  V2Host host;
  const auto one = referrer("x/one");
  host.server.on(k_api, {{502}, index_page({})});
  host.server.on("PUT /v2/team/app/manifests/" + one.digest.to_string(), {{201}});
  RemoteRepository repository(host.session());
  CHECK(failure([&] { repository.put_manifest(one, std::nullopt); }) == ErrorKind::unavailable);
  CHECK(host.server.seen("PUT " + k_tag).empty());
  repository.put_manifest(one, std::nullopt);
}

TEST_CASE("a tag that resolves to the subject, or to no index, lists nothing") {
  const auto image = v2_manifest();
  const auto subject = v2_index({image.descriptor()});
  V2Host host;
  host.server.on("GET /v2/team/app/manifests/" + oci::referrers_tag(subject.digest),
                 {v2_reply(subject)});
  CHECK(list_referrers(*host.session(), subject.digest, k_unknown).empty());
  host.server.on("GET " + k_tag, {v2_reply(referrer("x/one"))});
  CHECK(list_referrers(*host.session(), k_subject, k_unknown).empty());
}

TEST_CASE("a registry with the API keeps the list by itself, whatever OCI-Subject says") {
  V2Host host;
  const auto one = referrer("x/one");
  host.server.on(k_api, {index_page({})});
  host.server.on("PUT /v2/team/app/manifests/" + one.digest.to_string(), {{201}});
  RemoteRepository repository(host.session());
  repository.put_manifest(one, std::nullopt);
  repository.put_manifest(one, std::nullopt);
  CHECK(host.server.seen(k_api).size() == 1);
  CHECK(host.server.lines().size() == 3);
}

TEST_CASE("without the API the tag gets an entry with type and annotations, once") {
  Keeping registry;
  const auto one = referrer("x/one");
  const auto two = referrer("x/two");
  registry.put(one);
  registry.put(two);
  registry.put(one);
  const auto listed = registry.listed();
  CHECK(digests(listed) == std::vector{one.digest, two.digest});
  CHECK(listed[0].artifact_type == "x/one");
  CHECK(listed[0].annotations == oci::Annotations{{"a", "b"}});
  CHECK(listed[0].size_bytes == one.bytes.size());
}

TEST_CASE("members that are not known stay in the index") {
  Keeping registry;
  const std::string index = R"({"schemaVersion":2,"x":{"y":1},"manifests":[]})";
  registry.kept.insert_or_assign(
      k_tag, oci::Document{std::string(oci::k_oci_index), oci::Digest::of(index), index});
  registry.put(referrer("x/one"));
  CHECK(registry.kept.at(k_tag).bytes.find(R"("x":{"y":1})") != std::string::npos);
}

TEST_CASE("a tag that names something else than a list is not replaced") {
  Keeping registry;
  const auto image = v2_manifest(R"(,"annotations":{"of":"somebody"})");
  registry.kept.insert_or_assign(k_tag, image);
  CHECK(failure([&] { registry.put(referrer("x/one")); }) == ErrorKind::protocol);
  CHECK(registry.kept.at(k_tag).bytes == image.bytes);
  registry.kept.insert_or_assign(k_tag, v2_manifest()); // the subject, as GitLab resolves it
  registry.put(referrer("x/one"));
  CHECK(registry.listed().size() == 1);
}

TEST_CASE("an entry that another program has overwritten is added again") {
  Keeping registry;
  int losses = 2;
  registry.after_put = [&](const std::string& path) {
    if (path == k_tag && losses-- > 0) {
      registry.kept.erase(k_tag);
    }
  };
  const auto one = referrer("x/one");
  registry.put(one);
  CHECK(digests(registry.listed()) == std::vector{one.digest});
}

TEST_CASE("an entry that is overwritten each time is an error") {
  Keeping registry;
  registry.after_put = [&](const std::string&) { registry.kept.erase(k_tag); };
  CHECK(failure([&] { registry.put(referrer("x/one")); }) == ErrorKind::unavailable);
}

TEST_CASE("a manifest without a subject asks for nothing more") {
  Keeping registry;
  registry.put(v2_manifest());
  CHECK(registry.host.server.lines().size() == 1);
}

TEST_SUITE_END();
