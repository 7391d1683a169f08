// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/import_draft.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/oci/digest.hpp>

namespace regctl::ops::mirror {

namespace {

/// skopeo's sync file names no destination: its command line does. Without --scoped an image keeps
/// the last part of its name alone.
class SkopeoImport {
public:
  SkopeoImport(std::string destination, ConfigDraft& draft)
      : destination_(std::move(destination)), draft_(draft) {
    while (destination_.ends_with('/')) {
      destination_.pop_back();
    }
  }

  void read_registry(const YamlMember& member) {
    const auto& yaml = member.value;
    read_access(member);
    for (const auto& remark : remarks_on(yaml,
                                         {"images", "images-by-tag-regex", "images-by-semver",
                                          "credentials", "tls-verify", "cert-dir"},
                                         {})) {
      draft_.remark(remark);
    }
    for (const auto* image : members(yaml, "images")) {
      read_image(member.key, *image);
    }
    for (const auto* image : members(yaml, "images-by-tag-regex")) {
      auto mirror = mirror_of(member.key, *image);
      mirror.tags = {pattern_of_search(text_of(&image->value))};
      draft_.add(std::move(mirror));
    }
    for (const auto* image : members(yaml, "images-by-semver")) {
      auto mirror = mirror_of(member.key, *image);
      take_semver({text_of(&image->value)}, mirror);
      draft_.add(std::move(mirror));
    }
  }

private:
  std::vector<const YamlMember*> members(const Yaml& yaml, std::string_view key) {
    std::vector<const YamlMember*> all;
    const auto* images = yaml.find(key);
    if (images == nullptr) {
      return all;
    }
    if (images->kind != Yaml::Kind::map && images->kind != Yaml::Kind::null) {
      draft_.remark(
          at_line(images->line, "'" + std::string(key) + "' is no mapping, and left out"));
    }
    for (const auto& image : images->members) {
      all.push_back(&image);
    }
    return all;
  }

  void read_access(const YamlMember& member) {
    const auto* credentials = member.value.find("credentials");
    const auto* verifies = member.value.find("tls-verify");
    const auto* folder = member.value.find("cert-dir");
    if (credentials == nullptr && verifies == nullptr && folder == nullptr) {
      return;
    }
    auto& registry = draft_.registry(member.key, member.line);
    registry.insecure = verifies != nullptr && !is_true(verifies);
    if (credentials != nullptr) {
      registry.remarks.push_back(
          at_line(credentials->line, "its password is not taken over: use regctl login"));
    }
    if (folder != nullptr) {
      registry.remarks.push_back(at_line(
          folder->line, "'cert-dir' is left out: name its files as ca_file, client_cert and "
                        "client_key, or use Docker's certs.d"));
    }
  }

  [[nodiscard]] MirrorDraft mirror_of(const std::string& registry, const YamlMember& image) const {
    MirrorDraft mirror;
    mirror.line = image.line;
    mirror.source = registry + "/" + image.key;
    mirror.destination = destination_ + "/" + std::string(split_path(image.key).name);
    if (image.key.find_first_of(":@") != std::string::npos) {
      mirror.left_out = "its name has a tag";
    }
    return mirror;
  }

  void read_image(const std::string& registry, const YamlMember& image) {
    auto mirror = mirror_of(registry, image);
    const auto texts = texts_of(&image.value);
    for (const auto& text : texts) {
      if (!oci::Digest::find(text)) {
        take_tag(text, mirror);
        continue;
      }
      auto single = mirror_of(registry, image);
      single.source += "@" + text;
      single.left_out = "a mirror takes tags, and regctl copy takes digests";
      draft_.add(std::move(single));
    }
    if (texts.empty() || !mirror.tags.empty()) {
      draft_.add(std::move(mirror));
    }
  }

  std::string destination_;
  ConfigDraft& draft_;
};

} // namespace

void import_skopeo(const Yaml& document, const std::string& destination, ConfigDraft& draft) {
  if (destination.empty()) {
    throw Error(ErrorKind::usage, "skopeo's file does not say where images go",
                "regctl mirror --from-config FILE DEST");
  }
  draft.remark("As without skopeo's --scoped, images keep the last part of their names alone.");
  draft.remark("skopeo without --all takes of an image for several platforms the one of its own "
               "machine; all are taken here, or those that 'platforms' names.");
  SkopeoImport import(destination, draft);
  for (const auto& member : document.members) {
    import.read_registry(member);
  }
}

} // namespace regctl::ops::mirror
