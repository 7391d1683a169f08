// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/import_draft.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/oci/platform.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/semver.hpp>
#include <regctl/ops/mirror/rules.hpp>
#include <regctl/ops/places/endpoint.hpp>
#include <regctl/ops/places/names.hpp>

#include <algorithm>

namespace regctl::ops::mirror {

namespace {

void check_writable(const std::string& text) {
  if (!is_writable(text)) {
    throw Error(ErrorKind::usage, "'" + excerpt(text) + "' is not taken over as it is written");
  }
}

template <class Parse> void check_each(const std::vector<std::string>& texts, Parse&& parse) {
  for (const auto& text : texts) {
    check_writable(text);
    parse(text);
  }
}

Endpoint parse_registry_end(const std::string& text) {
  check_writable(text);
  auto end = Endpoint::parse(text);
  if (!registry_of(end)) {
    throw Error(ErrorKind::usage, "'" + excerpt(text) + "' is no registry");
  }
  return end;
}

/// The repository that `draft` fills; nothing if those are many. Throws for what the reader of
/// mirror files would refuse.
std::optional<std::string> check(const MirrorDraft& draft) {
  const auto source = parse_registry_end(draft.source);
  refuse_digest(source);
  const auto destination = parse_registry_end(draft.destination);
  refuse_digest(destination);
  check_ends(source, destination);
  check_each(draft.repositories, parse_name_pattern);
  check_each(draft.excluded_repositories, Exclusion::parse);
  check_each(draft.tags, parse_tag_pattern);
  check_each(draft.excluded_tags, parse_tag_pattern);
  check_each(draft.platforms, oci::Platform::parse);
  check_writable(draft.semver);
  if (!draft.semver.empty()) {
    SemverRange::parse(draft.semver);
  }
  check_writable(draft.prefix);
  parse_prefix(draft.prefix);
  const auto* filled = destination.reference();
  return filled == nullptr ? std::nullopt : std::optional(filled->host + "/" + filled->name);
}

} // namespace

void ConfigDraft::remark(std::string text) {
  if (std::find(remarks_.begin(), remarks_.end(), text) == remarks_.end()) {
    remarks_.push_back(std::move(text));
  }
}

RegistryDraft& ConfigDraft::registry(const std::string& host, int line) {
  try {
    const auto name = parse_registry_host(host.substr(0, host.find('/'))).host;
    check_writable(name);
    return registries_[name];
  } catch (const Error&) {
    remark(at_line(line, "the settings of this registry are left out: its name is none"));
    return nowhere_;
  }
}

void ConfigDraft::add(MirrorDraft draft) {
  std::optional<std::string> filled;
  if (draft.left_out.empty()) {
    try {
      filled = check(draft);
    } catch (const Error& error) {
      draft.left_out = error.message() + (error.hint().empty() ? "" : " (" + error.hint() + ")");
    }
  }
  if (filled) {
    const auto& source = sources_.emplace(*filled, draft.source).first->second;
    if (source != draft.source) {
      draft.left_out = "its destination is filled from " + excerpt(source) + " already";
    }
  }
  mirrors_.push_back(std::move(draft));
}

bool is_writable(std::string_view text) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~'; };
  return std::all_of(text.begin(), text.end(), is_plain) &&
         text.find("${") == std::string_view::npos;
}

std::string text_of(const Yaml* yaml) {
  return yaml != nullptr && yaml->kind == Yaml::Kind::scalar ? yaml->scalar : "";
}

std::vector<std::string> texts_of(const Yaml* yaml) {
  if (yaml == nullptr || yaml->kind == Yaml::Kind::null) {
    return {};
  }
  if (yaml->kind != Yaml::Kind::list) {
    return {text_of(yaml)};
  }
  std::vector<std::string> texts;
  for (const auto& item : yaml->items) {
    texts.push_back(text_of(&item));
  }
  return texts;
}

bool is_true(const Yaml* yaml) {
  const auto text = lower(text_of(yaml));
  return text == "true" || text == "yes" || text == "on" || text == "y";
}

std::string at_line(int line, std::string_view text) {
  return "line " + std::to_string(line) + ": " + std::string(text);
}

std::vector<std::string> remarks_on(const Yaml& yaml, std::initializer_list<std::string_view> taken,
                                    const std::vector<Untaken>& untaken) {
  std::vector<std::string> remarks;
  for (const auto& member : yaml.members) {
    if (std::find(taken.begin(), taken.end(), member.key) != taken.end()) {
      continue;
    }
    const auto known = std::find_if(untaken.begin(), untaken.end(),
                                    [&](const Untaken& it) { return it.key == member.key; });
    const auto why = known == untaken.end() ? "it is not known here" : known->text;
    remarks.push_back(at_line(member.line, "'" + excerpt(member.key) + "' is left out: ") +
                      std::string(why));
  }
  return remarks;
}

void take_tag(const std::string& text, MirrorDraft& mirror) {
  if (is_tag(text)) {
    mirror.tags.push_back(text);
  } else if (mirror.left_out.empty()) {
    mirror.left_out = "'" + excerpt(text) + "' is no tag";
  }
}

void take_semver(const std::vector<std::string>& ranges, MirrorDraft& mirror) {
  for (const auto& range : ranges) {
    if (trim(range).empty()) {
      mirror.left_out = "a range of versions is empty";
    }
    mirror.semver += (mirror.semver.empty() ? "" : " || ") + std::string(trim(range));
  }
}

ForeignReference ForeignReference::parse(const std::string& text) {
  auto reference = Reference::parse(text);
  ForeignReference result;
  result.tag = reference.tag.value_or("");
  result.digest = reference.digest.value_or("");
  reference.tag.reset();
  reference.digest.reset();
  result.repository = reference.to_string();
  return result;
}

} // namespace regctl::ops::mirror
