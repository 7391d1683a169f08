// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/import_draft.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>

namespace regctl::ops::mirror {

namespace {

/// The images of a source: "HOST/NAME", "HOST/NAME:TAG,TAG", "HOST/NAME:/REGEX/" or with a digest.
struct Images {
  std::string repository;
  std::vector<std::string> tags;
  std::string regex;
  std::string digest;

  static Images parse(const std::string& text) {
    Images images;
    const auto colon = text.find(":/");
    if (colon != std::string::npos && text.size() > colon + 2 && text.ends_with('/')) {
      images.repository = ForeignReference::parse(text.substr(0, colon)).repository;
      images.regex = text.substr(colon + 2);
      images.regex.pop_back();
      images.regex = pattern_of_search(images.regex);
      return images;
    }
    const auto parts = split(text, ',');
    const auto first = ForeignReference::parse(std::string(parts.front()));
    images.repository = first.repository;
    images.digest = first.digest;
    if (!first.tag.empty()) {
      images.tags.push_back(first.tag);
    } else if (parts.size() > 1) {
      throw Error(ErrorKind::usage, "its first tag is missing");
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
      images.tags.emplace_back(parts[i]);
    }
    return images;
  }
};

MirrorDraft draft_of(const YamlMember& rule, const std::string& destination) {
  MirrorDraft mirror;
  mirror.line = rule.line;
  mirror.source = rule.key;
  mirror.destination = destination;
  try {
    if (destination.find('$') != std::string::npos) {
      throw Error(ErrorKind::usage, "its destination has a variable: here it is written ${NAME}");
    }
    const auto from = Images::parse(rule.key);
    const auto to = Images::parse(destination);
    mirror.source = from.repository;
    mirror.destination = to.repository;
    if (!from.digest.empty() || !to.digest.empty()) {
      throw Error(ErrorKind::usage, "a mirror takes tags, and regctl copy takes digests");
    }
    if (!to.regex.empty() || (!to.tags.empty() && to.tags != from.tags)) {
      throw Error(ErrorKind::usage, "a mirror gives no tag another name; regctl copy does");
    }
    for (const auto& tag : from.tags) {
      take_tag(tag, mirror);
    }
    if (!from.regex.empty()) {
      mirror.tags = {from.regex};
    }
  } catch (const Error& error) {
    mirror.left_out = error.message();
  }
  return mirror;
}

void read_images(const Yaml& images, ConfigDraft& draft) {
  for (const auto& rule : images.members) {
    for (const auto& destination : texts_of(&rule.value)) {
      draft.add(draft_of(rule, destination));
    }
    if (texts_of(&rule.value).empty()) {
      draft.remark(
          at_line(rule.line, "left out, " + excerpt(rule.key) + ": it has no destination"));
    }
  }
}

void read_auth(const Yaml& auth, ConfigDraft& draft) {
  for (const auto& member : auth.members) {
    auto& registry = draft.registry(member.key, member.line);
    registry.insecure |= is_true(member.value.find("insecure"));
    for (auto& remark :
         remarks_on(member.value, {"insecure", "username"}, {{"password", "use regctl login"}})) {
      registry.remarks.push_back(std::move(remark));
    }
  }
}

} // namespace

void import_image_syncer(const std::vector<Yaml>& documents, ConfigDraft& draft) {
  for (const auto& document : documents) {
    if (document.find("images") != nullptr || document.find("auth") != nullptr) {
      read_auth(document.find("auth") != nullptr ? *document.find("auth") : Yaml{}, draft);
      read_images(document.find("images") != nullptr ? *document.find("images") : Yaml{}, draft);
      continue;
    }
    const bool is_auth =
        !document.members.empty() && document.members.front().value.kind == Yaml::Kind::map;
    is_auth ? read_auth(document, draft) : read_images(document, draft);
  }
}

} // namespace regctl::ops::mirror
