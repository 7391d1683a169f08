// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/config_rules.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/ops/places/names.hpp>
#include <regctl/ops/places/originals.hpp>

#include <utility>
#include <vector>

namespace regctl::ops::mirror {

namespace {

/// Reads a mapping with include and exclude, or a plain list of what to include. `read_exclude`
/// reads the exclude of a mapping.
template <class ReadExclude>
void read_filter(ConfigSection& section, std::string_view key, Filter& filter,
                 Pattern (*parse)(std::string_view), ReadExclude&& read_exclude) {
  const auto* member = section.take(key);
  if (member == nullptr) {
    return;
  }
  filter = {};
  if (member->value.kind != Yaml::Kind::map) {
    ConfigSection::read_items(member->value, section.spot_of(*member), section.reader(),
                              filter.include, parse);
    return;
  }
  ConfigSection inner(member->value, section.spot_of(*member), section.reader());
  inner.read_list("include", filter.include, parse);
  read_exclude(inner);
  inner.finish();
}

void read_repositories(ConfigSection& section, Rules& rules) {
  const auto read_exclude = [&](ConfigSection& inner) {
    std::vector<Exclusion> exclusions;
    inner.read_list("exclude", exclusions, Exclusion::parse);
    rules.tags.exclude_of.clear();
    for (auto& exclusion : exclusions) {
      add_exclusion(std::move(exclusion), rules.repositories, rules.tags);
    }
  };
  read_filter(section, "repositories", rules.repositories, parse_name_pattern, read_exclude);
}

void read_rename(const Yaml& yaml, const Spot& spot, ConfigReader& reader,
                 std::vector<Rename>& renames) {
  ConfigSection section(yaml, spot, reader);
  const auto* from = section.require("from");
  const auto* to = section.require("to");
  section.finish();
  if (from == nullptr || to == nullptr) {
    return;
  }
  const auto from_text = reader.text(from->value, section.spot_of(*from));
  const auto to_text = reader.text(to->value, section.spot_of(*to));
  if (from_text && to_text) {
    const ConfigText both{{}, from_text->is_substituted || to_text->is_substituted};
    reader.attempt(both, spot, [&](const std::string&) {
      renames.push_back(Rename::make(from_text->value, to_text->value));
    });
  }
}

void read_renames(ConfigSection& section, std::vector<Rename>& renames) {
  const auto* member = section.take("rename");
  if (member == nullptr) {
    return;
  }
  renames.clear();
  const auto spot = section.spot_of(*member);
  if (member->value.kind != Yaml::Kind::list) {
    section.reader().complain(spot, "is not a list of mappings with from and to");
    return;
  }
  for (std::size_t i = 0; i < member->value.items.size(); ++i) {
    const auto& item = member->value.items[i];
    read_rename(item, spot.item(i, item.line), section.reader(), renames);
  }
}

/// Reads true, false, or a mapping with details.
void read_prune(ConfigSection& section, Prune& prune) {
  const auto* member = section.take("prune");
  if (member == nullptr) {
    return;
  }
  prune = {};
  if (member->value.kind != Yaml::Kind::map) {
    section.read("prune", prune.enabled, parse_flag);
    return;
  }
  prune.enabled = true;
  ConfigSection inner(member->value, section.spot_of(*member), section.reader());
  inner.read("enabled", prune.enabled, parse_flag);
  inner.read("limit", prune.limit, parse_share);
  inner.read("beyond_limit", prune.beyond_limit, parse_flag);
  inner.finish();
}

OciForm parse_form(const std::string& text) {
  if (text == "oci") {
    return OciForm::oci;
  }
  if (text == "docker") {
    return OciForm::docker;
  }
  throw Error(ErrorKind::usage, "'" + text + "' is neither oci nor docker");
}

} // namespace

void read_rules(ConfigSection& section, Rules& rules) {
  read_repositories(section, rules);
  read_filter(section, "tags", rules.tags, parse_tag_pattern, [&](ConfigSection& inner) {
    inner.read_list("exclude", rules.tags.exclude, parse_tag_pattern);
  });
  section.read("semver", rules.semver, SemverRange::parse);
  section.read("latest", rules.latest, parse_count);
  section.read("newer_than", rules.newer_than, parse_duration);
  read_renames(section, rules.renames);
  section.read("prefix", rules.prefix,
               [](const std::string& text) { return parse_prefix(parse_text(text)); });
  read_prune(section, rules.prune);
  section.read_list("protect", rules.protected_tags, parse_tag_pattern);
  section.read_list("immutable", rules.immutable_tags, parse_tag_pattern);
  section.read_list("platforms", rules.platforms, oci::Platform::parse);
  section.read("referrers", rules.referrers, parse_flag);
  section.read("to_format", rules.form, parse_form);
  section.read("rescue", rules.rescue, parse_flag);
  section.read("originals", rules.originals, [](const std::string& text) {
    auto place = Endpoint::parse(text);
    check_originals(place);
    return place;
  });
  section.read("publish_private", rules.publish_private, parse_flag);
}

} // namespace regctl::ops::mirror
