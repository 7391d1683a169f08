// SPDX-License-Identifier: Apache-2.0
#include "registry/v2/removal.hpp"
#include "support/failure.hpp"
#include "unit/registry/v2/v2_host.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v2;
using namespace regctl::test;

namespace {

enum class Deletes { tags, digests, nothing };

/// team/app with tags; DELETE by tag is `by_tag` where it is not known.
struct Tagged {
  explicit Tagged(Deletes deletes, Reply by_tag = v2_error(400, "DIGEST_INVALID"))
      : deletes_(deletes), by_tag_(std::move(by_tag)) {
    host.server.guard = [this](const SeenRequest& request) { return answer(request); };
  }

  void tag(const std::string& name, const oci::Document& document) {
    manifests.insert_or_assign(document.digest.to_string(), document);
    tags.insert_or_assign(name, document.digest.to_string());
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, digest] : tags) {
      names.push_back(name);
    }
    return names;
  }

  V2Host host;
  std::map<std::string, std::string> tags;
  std::map<std::string, oci::Document> manifests;
  bool refuses_digests = false;
  std::string kept = {}; ///< a digest that is never removed

private:
  std::optional<Reply> answer(const SeenRequest& request) {
    const auto method = request.line.substr(0, request.line.find(' '));
    const auto name = request.line.substr(request.line.rfind('/') + 1);
    if (request.line.find("/tags/list") != std::string::npos) {
      std::string list;
      for (const auto& [tag, digest] : tags) {
        list += (list.empty() ? "\"" : ",\"") + tag + "\"";
      }
      return Reply{200, "{\"tags\":[" + list + "]}"};
    }
    if (method == "POST") {
      return Reply{202, "", {{"Location", "/upload"}}};
    }
    if (method == "PUT" && request.line.starts_with("PUT /upload")) {
      return Reply{201};
    }
    const auto tagged = tags.find(name);
    const auto found = manifests.find(tagged == tags.end() ? name : tagged->second);
    if (method == "PUT") {
      tag(name, oci::make_document(request.body, *request.headers.find("Content-Type"),
                                   std::nullopt, "it"));
      return Reply{201};
    }
    if (request.line.find("/referrers/") != std::string::npos) {
      return Reply{404};
    }
    if (method == "DELETE") {
      return remove(name);
    }
    if (found == manifests.end()) {
      return Reply{404};
    }
    return method == "HEAD" ? v2_head(found->second) : v2_reply(found->second);
  }

  Reply remove(const std::string& name) {
    const bool is_digest = name.starts_with("sha256:");
    if (deletes_ == Deletes::nothing) {
      return v2_error(405, "UNSUPPORTED");
    }
    if (!is_digest && deletes_ == Deletes::digests) {
      return by_tag_;
    }
    if (is_digest && refuses_digests && manifests.contains(name)) {
      return Reply{403};
    }
    if (is_digest && name == kept) {
      return v2_error(409, "DENIED");
    }
    if (is_digest) {
      std::erase_if(tags, [&](const auto& tag) { return tag.second == name; });
      return {manifests.erase(name) > 0 ? 202 : 404};
    }
    return {tags.erase(name) > 0 ? 202 : 404};
  }

  Deletes deletes_;
  Reply by_tag_;
};

using Names = std::vector<std::string>;

} // namespace

TEST_SUITE_BEGIN("registry/v2/removal");

TEST_CASE("a registry that removes tags is asked for that alone") {
  Tagged registry(Deletes::tags);
  registry.tag("1.0", v2_manifest());
  registry.tag("latest", v2_manifest());
  remove_tag(*registry.host.session(), "1.0");
  CHECK(registry.names() == Names{"latest"});
  CHECK(registry.host.server.lines().size() == 1);
  CHECK(failure([&] { remove_tag(*registry.host.session(), "1.0"); }) == ErrorKind::not_found);
}

TEST_CASE("else a digest that no other tag has is removed") {
  for (const auto& refusal : {v2_error(400, "DIGEST_INVALID"), v2_error(405, "UNSUPPORTED")}) {
    Tagged registry(Deletes::digests, refusal);
    registry.tag("1.0", v2_manifest());
    registry.tag("2.0", v2_manifest(R"(,"annotations":{})"));
    remove_tag(*registry.host.session(), "1.0");
    CHECK(registry.names() == Names{"2.0"});
    CHECK(failure([&] { remove_tag(*registry.host.session(), "1.0"); }) == ErrorKind::not_found);
  }
}

TEST_CASE("a digest that another tag, or an index, has is kept") {
  Tagged registry(Deletes::digests);
  registry.tag("1.0", v2_manifest());
  registry.tag("latest", v2_manifest());
  try {
    remove_tag(*registry.host.session(), "1.0");
    FAIL("it was removed");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::unsupported);
    CHECK(error.message().find("latest") != std::string::npos);
    CHECK(error.hint().find("--replace-tag") != std::string::npos);
  }
  CHECK(registry.names() == Names{"1.0", "latest"});
  registry.tag("latest", v2_index({v2_manifest().descriptor()}));
  CHECK(failure([&] { remove_tag(*registry.host.session(), "1.0"); }) == ErrorKind::unsupported);
}

TEST_CASE("a digest that an index in an index has is kept") {
  Tagged registry(Deletes::digests);
  const auto child = v2_manifest();
  const auto inner = v2_index({child.descriptor()});
  const auto outer =
      v2_index({v2_manifest(R"(,"annotations":{})").descriptor(), inner.descriptor()});
  registry.tag("inner", inner);
  registry.tags.erase("inner");
  registry.tag("1.0", child);
  registry.tag("all", outer);
  registry.tag("also", v2_index({inner.descriptor()}));
  CHECK(failure([&] { remove_tag(*registry.host.session(), "1.0"); }) == ErrorKind::unsupported);
  CHECK(registry.names() == Names{"1.0", "all", "also"});
  const auto read = "GET /v2/team/app/manifests/" + inner.digest.to_string();
  CHECK(registry.host.server.seen(read).size() == 1);
}

TEST_CASE("indexes that lie too deep are not taken for harmless") {
  Tagged registry(Deletes::digests);
  registry.tag("1.0", v2_manifest());
  auto deep = v2_index({v2_manifest().descriptor()});
  for (int i = 0; i < 20; ++i) {
    registry.tag("deep", deep);
    deep = v2_index({deep.descriptor()});
  }
  CHECK(failure([&] { remove_tag(*registry.host.session(), "1.0"); }) == ErrorKind::unsupported);
}

TEST_CASE("a referrer that is removed is listed no more") {
  Tagged registry(Deletes::digests);
  const auto subject = v2_manifest();
  const auto refers = [&](const std::string& type) {
    return v2_manifest(R"(,"artifactType":")" + type + R"(","subject":{"size":1,"digest":")" +
                       subject.digest.to_string() + "\"}");
  };
  const auto one = refers("x/one");
  const auto two = refers("x/two");
  const auto list = oci::referrers_tag(subject.digest);
  registry.tag("1.0", subject);
  registry.tag("one", one);
  registry.tag("two", two);
  registry.tag(list, v2_index({one.descriptor(), two.descriptor()}));
  remove_manifest(*registry.host.session(), one.digest);
  const auto left = registry.manifests.at(registry.tags.at(list));
  CHECK(left.bytes == v2_index({two.descriptor()}).bytes);
  remove_manifest(*registry.host.session(), two.digest);
  CHECK(registry.names() == Names{"1.0"});
}

TEST_CASE("a throw-away manifest takes the tag alone, if that is wished") {
  Tagged registry(Deletes::digests);
  registry.host.options.shared_digest = SharedDigest::replace;
  registry.tag("1.0", v2_manifest());
  registry.tag("latest", v2_manifest());
  remove_tag(*registry.host.session(), "1.0");
  CHECK(registry.names() == Names{"latest"});
  CHECK(registry.tags.at("latest") == v2_manifest().digest.to_string());
}

TEST_CASE("the tag is put back if the throw-away manifest cannot be removed") {
  Tagged registry(Deletes::digests);
  registry.host.options.shared_digest = SharedDigest::replace;
  registry.refuses_digests = true;
  registry.tag("1.0", v2_manifest());
  registry.tag("latest", v2_manifest());
  CHECK(failure([&] { remove_tag(*registry.host.session(), "1.0"); }) == ErrorKind::denied);
  CHECK(registry.tags.at("1.0") == v2_manifest().digest.to_string());
}

TEST_CASE("a registry that removes nothing says so after two requests") {
  Tagged registry(Deletes::nothing);
  registry.tag("1.0", v2_manifest());
  CHECK(failure([&] { remove_tag(*registry.host.session(), "1.0"); }) == ErrorKind::unsupported);
  CHECK(registry.host.server.lines().size() == 2);
  CHECK(failure([&] { remove_manifest(*registry.host.session(), v2_manifest().digest); }) ==
        ErrorKind::unsupported);
  CHECK(failure([&] { remove_all_tags(*registry.host.session()); }) == ErrorKind::unsupported);
}

TEST_CASE("a manifest is removed by its digest") {
  Tagged registry(Deletes::digests);
  registry.tag("1.0", v2_manifest());
  remove_manifest(*registry.host.session(), v2_manifest().digest);
  CHECK(registry.names().empty());
  CHECK(failure([&] { remove_manifest(*registry.host.session(), v2_manifest().digest); }) ==
        ErrorKind::not_found);
}

TEST_CASE("a repository goes with all its tags, each digest once") {
  Tagged registry(Deletes::digests);
  registry.tag("1.0", v2_manifest());
  registry.tag("latest", v2_manifest());
  registry.tag("2.0", v2_manifest(R"(,"annotations":{})"));
  remove_all_tags(*registry.host.session());
  CHECK(registry.names().empty());
}

TEST_CASE("what a registry keeps of a repository is told") {
  Tagged registry(Deletes::digests);
  registry.tag("1.0", v2_manifest());
  registry.tag("2.0", v2_manifest(R"(,"annotations":{})"));
  registry.kept = registry.tags.at("1.0");
  try {
    remove_all_tags(*registry.host.session());
    FAIL("it was removed");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::unsupported);
    CHECK(error.message().find("1.0 is left") != std::string::npos);
  }
  CHECK(registry.names() == Names{"1.0"});
}

TEST_CASE("a token service that knows no scope delete is asked for all") {
  V2Host host;
  host.server.on("DELETE /v2/team/app/manifests/1.0", [](const SeenRequest& request) {
    return request.authorization.empty() ? v2_challenge(k_bearer) : Reply{202};
  });
  const std::string token =
      "GET https://auth.example/token?service=reg.example&scope=repository%3Ateam%2Fapp%3A";
  host.server.on(token + "delete", {{400}});
  host.server.on(token + "%2A", {{200, R"({"token":"all"})"}});
  remove_tag(*host.session(), "1.0");
  CHECK(host.server.lines().back() == "DELETE /v2/team/app/manifests/1.0");
}

TEST_CASE("names that are no tags are left out of the list") {
  V2Host host;
  host.server.on("GET /v2/team/app/tags/list?n=1000",
                 {{200, R"({"tags":["1.0",null,"sha256:0","","a b","-x"]})"}});
  Names all;
  list_tags(*host.session(), [&](const Names& names) { all = names; });
  CHECK(all == Names{"1.0"});
  V2Host empty;
  CHECK(failure([&] { list_tags(*empty.session(), [](const Names&) {}); }) == ErrorKind::not_found);
}

TEST_SUITE_END();
