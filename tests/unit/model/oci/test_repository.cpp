// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/oci/repository.hpp>

#include <doctest/doctest.h>

using namespace regctl;

namespace {

const std::string k_hex(64, 'a');
const auto k_digest = oci::Digest::parse("sha256:" + k_hex, "it");

/// A read-only repository without contents.
class EmptyRepository final : public ReadOnlyOciRepository {
public:
  [[nodiscard]] std::string describe() const override { return "the layout /tmp/x"; }
  void list_tags(const OnTags&) override {}
  std::optional<oci::Descriptor> find_manifest(const oci::ManifestName&) override { return {}; }
  std::optional<oci::Document> read_manifest(const oci::ManifestName&) override { return {}; }
  std::optional<std::uint64_t> find_blob(const oci::Digest&) override { return {}; }
  std::unique_ptr<Source> open_blob(const oci::Descriptor&) override { return nullptr; }
  std::vector<oci::Descriptor> referrers(const oci::Digest&, oci::ReferrersTag) override {
    return {};
  }
};

} // namespace

TEST_SUITE_BEGIN("model/oci/repository");

TEST_CASE("a manifest is named by a tag or a digest") {
  CHECK(oci::ManifestName(k_digest).to_string() == "sha256:" + k_hex);
  CHECK(oci::ManifestName(k_digest).digest() == k_digest);
  CHECK(oci::ManifestName::tag("1.0").to_string() == "1.0");
  CHECK_FALSE(oci::ManifestName::tag("1.0").digest());
}

TEST_CASE("a reference's digest decides, then its tag, then latest") {
  const auto name = [](const std::string& text) {
    return oci::manifest_name(Reference::parse(text)).to_string();
  };
  CHECK(name("host:5000/app") == "latest");
  CHECK(name("host:5000/app:1.0") == "1.0");
  CHECK(name("host:5000/app@sha256:" + k_hex) == "sha256:" + k_hex);
  CHECK(name("host:5000/app:1.0@sha256:" + k_hex) == "sha256:" + k_hex);
  CHECK(name("host:5000/app:1.0@sha512:" + k_hex + k_hex) == "sha512:" + k_hex + k_hex);
  CHECK(oci::manifest_name(Reference::parse("app@sha256:" + k_hex)).digest() == k_digest);
}

TEST_CASE("a repository that can only be read refuses each change") {
  EmptyRepository repository;
  const auto refused = [](auto change) {
    try {
      change();
      FAIL("was taken");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::unsupported);
      CHECK(error.message() == "the layout /tmp/x can only be read");
    }
  };
  const oci::Descriptor blob{.media_type = "", .digest = k_digest};
  const oci::Document document{"", k_digest, "{}"};
  refused([&] { repository.put_blob({}); });
  refused([&] { repository.mount_blob(blob, "team/base"); });
  refused([&] { repository.put_manifest(document, "1.0"); });
  refused([&] { repository.remove_manifest(k_digest); });
  refused([&] { repository.remove_tag("1.0"); });
  refused([&] { repository.remove(); });
  CHECK_NOTHROW(repository.finish());
}

TEST_CASE("tags that belong to another manifest name it") {
  CHECK(oci::referrers_tag(k_digest) == "sha256-" + k_hex);
  for (const char* ending : {"", ".sig", ".att", ".sbom"}) {
    CAPTURE(ending);
    CHECK(oci::subject_of_tag("sha256-" + k_hex + ending) == k_digest);
  }
  for (const auto& tag :
       {std::string(), std::string("latest"), std::string("1.0-rc.sig"), std::string("sha256-"),
        "sha256-" + k_hex + ".", "sha256-" + k_hex + ".sigs", "sha256-" + k_hex + ".sig.att",
        "sha256-" + k_hex.substr(1), "sha256-" + std::string(64, 'A'), "sha256:" + k_hex,
        "v-sha256-" + k_hex, "sha512-" + k_hex}) {
    CAPTURE(tag);
    CHECK_FALSE(oci::subject_of_tag(tag));
  }
}

TEST_CASE("cosign's tags of a manifest name it") {
  CHECK(oci::cosign_tags(k_digest) == std::vector<std::string>{"sha256-" + k_hex + ".sig",
                                                               "sha256-" + k_hex + ".att",
                                                               "sha256-" + k_hex + ".sbom"});
}

TEST_CASE("the tag for the referrers of a longer digest is cut to what a tag may hold") {
  const auto longer = oci::Digest::parse("sha512:" + k_hex + std::string(64, 'b'), "it");
  CHECK(oci::referrers_tag(longer) == "sha512-" + k_hex);
}

TEST_SUITE_END();
