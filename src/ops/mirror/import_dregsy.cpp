// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/import_draft.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/base/whole_number.hpp>

#include <cstdint>
#include <optional>

namespace regctl::ops::mirror {

namespace {

constexpr std::string_view k_regex = "regex:";

/// A regular expression of dregsy, which always means a whole name; "!" before it takes the others.
std::string whole_pattern(std::string_view regex) {
  std::string whole(regex);
  whole.insert(0, whole.starts_with('^') ? "" : "^");
  whole += whole.ends_with('$') ? "" : "$";
  return pattern_of_search(whole);
}

/// The tags of a mapping. dregsy takes those that any of its items names, and then prunes that set
/// with "keep:".
struct TagSet {
  std::vector<std::string> verbatim;
  std::vector<std::string> ranges;
  std::vector<std::string> patterns;
  std::vector<std::string> other_patterns; ///< takes all tags but these
  std::vector<std::string> kept;
  std::vector<std::string> not_kept;
  std::string latest;

  void read(std::string_view text) {
    text = trim(text);
    if (const auto range = behind(text, "semver:")) {
      ranges.emplace_back(*range);
    } else if (const auto regex = behind(text, k_regex)) {
      add(*regex, patterns, other_patterns);
    } else if (const auto keep = behind(text, "keep:")) {
      if (const auto count = behind(*keep, "latest ")) {
        latest = *count;
      } else {
        add(*keep, kept, not_kept);
      }
    } else {
      verbatim.emplace_back(text);
    }
  }

private:
  static std::optional<std::string_view> behind(std::string_view text, std::string_view prefix) {
    return text.starts_with(prefix) ? std::optional(trim(text.substr(prefix.size())))
                                    : std::nullopt;
  }

  static void add(std::string_view regex, std::vector<std::string>& these,
                  std::vector<std::string>& others) {
    const bool is_inverted = regex.starts_with('!');
    (is_inverted ? others : these).push_back(whole_pattern(regex.substr(is_inverted ? 1 : 0)));
  }
};

class DregsyImport {
public:
  explicit DregsyImport(ConfigDraft& draft) : draft_(draft) {}

  void read_task(const Yaml& task) {
    for (const auto& remark :
         remarks_on(task, {"name", "source", "target", "mappings", "verbose"},
                    {{"interval", "regctl mirror --watch 60s stays, and mirrors all together"}})) {
      draft_.remark(remark);
    }
    const Yaml none;
    const auto* source = task.find("source");
    const auto* target = task.find("target");
    source_ = read_location(source == nullptr ? none : *source);
    target_ = read_location(target == nullptr ? none : *target);
    if (const auto* mappings = task.find("mappings")) {
      for (const auto& mapping : mappings->items) {
        read_mapping(mapping);
      }
    }
  }

private:
  std::string read_location(const Yaml& location) {
    auto host = text_of(location.find("registry"));
    auto& registry = draft_.registry(host, location.line);
    registry.insecure |= is_true(location.find("skip-tls-verify"));
    for (auto& remark :
         remarks_on(location, {"registry", "skip-tls-verify"},
                    {{"auth", "use regctl login"},
                     {"auth-refresh", "a credential helper of the registry does that"},
                     {"lister", "repositories are listed by the catalog, or named by "
                                "'repositories_from'"}})) {
      registry.remarks.push_back(std::move(remark));
    }
    return host;
  }

  void read_mapping(const Yaml& mapping) {
    MirrorDraft mirror;
    mirror.line = mapping.line;
    mirror.remarks = remarks_on(mapping, {"from", "to", "tags", "platform"}, {});
    const auto platform = text_of(mapping.find("platform"));
    if (!platform.empty() && platform != "all") {
      mirror.platforms = {platform};
    } else if (platform.empty()) {
      draft_.remark("dregsy takes of an image for several platforms the one of its own machine, "
                    "unless it is told; all are taken here, or those that 'platforms' names.");
    }
    take_names(text_of(mapping.find("from")), text_of(mapping.find("to")), mirror);
    add_tags(texts_of(mapping.find("tags")), mirror);
  }

  void take_names(const std::string& from, const std::string& to, MirrorDraft& mirror) const {
    mirror.source = source_ + "/" + without_slash(from);
    mirror.destination = target_ + "/" + without_slash(to.empty() ? from : to);
    if (from.empty()) {
      mirror.left_out = "it has no 'from'";
    } else if (to.starts_with(k_regex)) {
      mirror.left_out = "its names are made by a regular expression: write them as 'rename'";
    } else if (from.starts_with(k_regex)) {
      mirror.source = source_;
      mirror.destination = target_;
      mirror.repositories = {whole_pattern(std::string_view(from).substr(k_regex.size()))};
      mirror.prefix = to.empty() ? "" : without_slash(to) + "/";
    }
  }

  static std::string without_slash(const std::string& text) {
    return text.substr(text.starts_with('/') ? 1 : 0);
  }

  /// One mirror for verbatim tags, one for versions and one for patterns: within ours they would
  /// have to hold together.
  void add_tags(const std::vector<std::string>& texts, const MirrorDraft& mirror) {
    TagSet set;
    for (const auto& text : texts) {
      set.read(text);
    }
    if (!set.verbatim.empty()) {
      add_verbatim(set, mirror);
    }
    if (!set.ranges.empty()) {
      auto versions = pruned(set, mirror);
      versions.tags = set.kept;
      take_semver(set.ranges, versions);
      versions.remarks.push_back(
          "a range has 1.2.3-alpine only if it names one, as >=1.2.3-0 does");
      draft_.add(std::move(versions));
    }
    if (!set.patterns.empty() || !set.other_patterns.empty()) {
      add_patterns(set, mirror);
    } else if (set.verbatim.empty() && set.ranges.empty()) {
      auto all = pruned(set, mirror);
      all.tags = set.kept;
      draft_.add(std::move(all));
    }
  }

  void add_verbatim(const TagSet& set, const MirrorDraft& mirror) {
    auto some = mirror;
    for (const auto& tag : set.verbatim) {
      if (tag.find("sha256:") == std::string::npos) {
        take_tag(tag, some);
        continue;
      }
      auto single = mirror;
      single.left_out =
          "'" + excerpt(tag) + "': a mirror takes tags, and regctl copy takes digests";
      draft_.add(std::move(single));
    }
    if (!some.tags.empty() || !some.left_out.empty()) {
      draft_.add(std::move(some));
    }
  }

  void add_patterns(const TagSet& set, const MirrorDraft& mirror) {
    auto some = pruned(set, mirror);
    some.tags = set.patterns;
    const auto& others = set.other_patterns;
    some.excluded_tags.insert(some.excluded_tags.end(), others.begin(), others.end());
    if (!set.kept.empty()) {
      some.left_out = "one of its patterns and 'keep' would have to fit a tag";
    } else if (!others.empty() && (!set.patterns.empty() || others.size() > 1)) {
      some.left_out = "a tag would have to fit a pattern, or to miss another one";
    }
    draft_.add(std::move(some));
  }

  /// `mirror` with what "keep:" takes away.
  static MirrorDraft pruned(const TagSet& set, const MirrorDraft& mirror) {
    auto less = mirror;
    less.excluded_tags = set.not_kept;
    if (set.kept.size() > 1 && less.left_out.empty()) {
      less.left_out = "several 'keep' would have to fit a tag";
    }
    if (!set.latest.empty()) {
      less.latest = set.latest;
      if (parse_whole_number<std::uint16_t>(set.latest).value_or(0) == 0) {
        less.left_out = "'" + excerpt(set.latest) + "' is no number of tags";
      }
      less.remarks.push_back("'latest' counts the versions, or if there are other tags the newest");
    }
    return less;
  }

  ConfigDraft& draft_;
  std::string source_;
  std::string target_;
};

} // namespace

void import_dregsy(const Yaml& document, ConfigDraft& draft) {
  constexpr std::string_view k_no_relay = "regctl needs no relay";
  for (const auto& remark :
       remarks_on(document, {"tasks"},
                  {{"relay", k_no_relay},
                   {"docker", k_no_relay},
                   {"dockerhost", k_no_relay},
                   {"api-version", k_no_relay},
                   {"skopeo", "certificates are in Docker's certs.d, or named by 'ca_file'"},
                   {"lister", "repositories are listed whole"},
                   {"watch", "regctl mirror --watch reads the file again at SIGHUP"}})) {
    draft.remark(remark);
  }
  DregsyImport import(draft);
  if (const auto* tasks = document.find("tasks")) {
    for (const auto& task : tasks->items) {
      import.read_task(task);
    }
  }
}

} // namespace regctl::ops::mirror
