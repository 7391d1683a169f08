// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/config_reader.hpp"
#include "ops/mirror/import_draft.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>

#include <optional>

namespace regctl::ops::mirror {

namespace {

constexpr std::string_view k_no_hooks = "regctl runs no commands";
constexpr std::string_view k_waits = "regctl waits where a registry asks it to";
constexpr std::string_view k_no_backup = "regctl keeps no other tag of what it replaces";
constexpr std::string_view k_watch = "regctl mirror --watch 60m stays, and mirrors all together";
constexpr std::string_view k_all_referrers = "referrers are taken whole, from and to the image's "
                                             "own repository";
constexpr std::string_view k_always = "it is always so here";
constexpr std::string_view k_all_kinds = "images of all media types are taken";

/// The members of an entry of 'sync', and of 'defaults', that are not carried over, and `more`.
std::vector<Untaken> untaken(std::vector<Untaken> more = {}) {
  more.insert(more.end(), {{"backup", k_no_backup},
                           {"interval", k_watch},
                           {"schedule", k_watch},
                           {"ratelimit", k_waits},
                           {"referrerFilters", k_all_referrers},
                           {"referrerSource", k_all_referrers},
                           {"referrerTarget", k_all_referrers},
                           {"referrerSlow", k_always},
                           {"fastCheck", k_always},
                           {"forceRecursive", "what is there already is not looked at again"},
                           {"includeExternal", "layers that lie elsewhere stay there"},
                           {"mediaTypes", k_all_kinds},
                           {"hooks", k_no_hooks}});
  return more;
}

/// The name of the file in "{{file \"/run/ca.pem\"}}", as regsync's templates have it.
std::optional<std::string> file_of_template(std::string_view text) {
  constexpr std::string_view k_begin = "{{file\"";
  std::string squeezed;
  for (const char c : text) {
    squeezed += c == ' ' ? "" : std::string(1, c);
  }
  if (!squeezed.starts_with(k_begin) || !squeezed.ends_with("\"}}") ||
      text.find('\\') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto begin = text.find('"') + 1;
  return std::string(text.substr(begin, text.rfind('"') - begin));
}

class RegsyncImport {
public:
  explicit RegsyncImport(ConfigDraft& draft) : draft_(draft) {}

  void read_host(const Yaml& yaml) {
    auto& host = draft_.registry(text_of(yaml.find("registry")), yaml.line);
    const auto tls = lower(text_of(yaml.find("tls")));
    host.insecure = tls == "insecure";
    host.plain_http = tls == "disabled";
    take_number(yaml, "reqPerSec", host.requests_per_second);
    take_number(yaml, "reqConcurrent", host.jobs);
    if (!host.jobs.empty()) {
      try {
        parse_jobs(host.jobs);
      } catch (const Error&) {
        host.jobs.clear(); // more at a time than we ever do
      }
    }
    take_file(yaml, "regcert", host, host.ca_file);
    take_file(yaml, "clientCert", host, host.client_cert);
    take_file(yaml, "clientKey", host, host.client_key);
    if (host.client_cert.empty() || host.client_key.empty()) {
      host.client_cert.clear();
      host.client_key.clear();
    }
    constexpr std::string_view k_login = "use regctl login";
    const auto remarks = remarks_on(
        yaml,
        {"registry", "tls", "reqPerSec", "reqConcurrent", "regcert", "clientCert", "clientKey"},
        {{"user", k_login},
         {"pass", k_login},
         {"token", k_login},
         {"credHelper", "Docker's configuration names credential helpers"},
         {"credExpire", "credentials are asked for when they are needed"},
         {"credHost", k_login},
         {"repoAuth", "a token is asked for each repository anyway"},
         {"hostname", "a registry is asked under its own name"},
         {"pathPrefix", "write it into the names"},
         {"mirrors", "the registry itself is asked"},
         {"priority", "the registry itself is asked"},
         {"blobChunk", "regctl copy --chunk-size has it"},
         {"blobMax", "regctl copy --chunk-size has it"},
         {"api", "it is found out"},
         {"apiOpts", "they are found out"},
         {"scheme", "write tls"}});
    host.remarks.insert(host.remarks.end(), remarks.begin(), remarks.end());
  }

  void read_defaults(const Yaml& yaml) {
    defaults_ = &yaml;
    for (const auto& remark :
         remarks_on(yaml, {"digestTags", "referrers"},
                    untaken({{"parallel", "--jobs counts layers, not images"},
                             {"blobLimit", "blobs have no limit"},
                             {"cacheCount", "regctl knows how much to keep"},
                             {"cacheTime", "regctl knows how much to keep"},
                             {"skipDockerConfig", "'credentials' of a registry name their own"},
                             {"userAgent", "regctl says who it is"}}))) {
      draft_.remark(remark);
    }
  }

  void read_sync(const Yaml& yaml) {
    MirrorDraft mirror;
    mirror.line = yaml.line;
    mirror.source = text_of(yaml.find("source"));
    mirror.destination = text_of(yaml.find("target"));
    mirror.referrers = is_set(yaml, "referrers") || is_set(yaml, "digestTags");
    mirror.remarks = remarks_on(yaml,
                                {"source", "target", "type", "tags", "tagSets", "repos",
                                 "digestTags", "referrers", "platform", "platforms"},
                                untaken());
    take_platforms(yaml, mirror);
    try {
      take_ends(yaml, mirror);
    } catch (const Error& error) {
      mirror.left_out = error.message();
    }
    add_sets(yaml, std::move(mirror));
  }

private:
  [[nodiscard]] bool is_set(const Yaml& yaml, std::string_view key) const {
    const auto* own = yaml.find(key);
    return is_true(own != nullptr || defaults_ == nullptr ? own : defaults_->find(key));
  }

  static void take_number(const Yaml& yaml, std::string_view key, std::string& target) {
    const auto text = text_of(yaml.find(key));
    constexpr std::size_t k_most_digits = 4;
    if (text.size() <= k_most_digits && text.find_first_not_of('0') != std::string::npos &&
        text.find_first_not_of("0123456789") == std::string::npos) {
      target = text;
    }
  }

  static void take_file(const Yaml& yaml, std::string_view key, RegistryDraft& host,
                        std::string& target) {
    const auto* value = yaml.find(key);
    if (value == nullptr) {
      return;
    }
    const auto file = file_of_template(text_of(value));
    if (file && !file->empty() && is_writable(*file)) {
      target = *file;
      return;
    }
    host.remarks.push_back(at_line(value->line, "'" + std::string(key) +
                                                    "' is left out: write it to a file, and name "
                                                    "that"));
  }

  static void take_platforms(const Yaml& yaml, MirrorDraft& mirror) {
    mirror.platforms = texts_of(yaml.find("platforms"));
    if (const auto* platform = yaml.find("platform")) {
      mirror.platforms = {text_of(platform)};
      mirror.remarks.push_back(
          at_line(platform->line, "the index stays, with this platform alone"));
    }
  }

  static void take_ends(const Yaml& yaml, MirrorDraft& mirror) {
    const auto type = text_of(yaml.find("type"));
    for (const auto* end : {&mirror.source, &mirror.destination}) {
      if (end->find("://") != std::string::npos || end->find("{{") != std::string::npos) {
        throw Error(ErrorKind::usage, "a mirror has registries at its ends, which are written out");
      }
    }
    if (type == "registry") {
      take_registry(yaml, mirror);
      return;
    }
    const auto source = ForeignReference::parse(mirror.source);
    const auto target = ForeignReference::parse(mirror.destination);
    mirror.source = source.repository;
    mirror.destination = target.repository;
    if (type == "repository") {
      return;
    }
    if (type != "image") {
      throw Error(ErrorKind::usage, "'" + excerpt(type) + "' is no type of regsync");
    }
    take_image(source, target, mirror);
  }

  static void take_registry(const Yaml& yaml, MirrorDraft& mirror) {
    if (mirror.destination.find('/') != std::string::npos && !mirror.destination.ends_with('/')) {
      mirror.destination += '/'; // below a name
    }
    if (mirror.source.find('/') != std::string::npos) {
      throw Error(ErrorKind::usage, "its source is no registry");
    }
    const auto* repositories = yaml.find("repos");
    if (repositories != nullptr) {
      mirror.repositories = patterns(repositories->find("allow"));
      mirror.excluded_repositories = patterns(repositories->find("deny"));
    }
  }

  static void take_image(const ForeignReference& source, const ForeignReference& target,
                         MirrorDraft& mirror) {
    const auto or_latest = [](const std::string& tag) { return tag.empty() ? "latest" : tag; };
    if (!source.digest.empty() || !target.digest.empty()) {
      throw Error(ErrorKind::usage, "a mirror takes tags, and regctl copy takes digests");
    }
    if (or_latest(source.tag) != or_latest(target.tag)) {
      throw Error(ErrorKind::usage, "a mirror gives no tag another name; regctl copy does");
    }
    mirror.tags = {or_latest(source.tag)};
  }

  static std::vector<std::string> patterns(const Yaml* yaml) {
    std::vector<std::string> all;
    for (const auto& text : texts_of(yaml)) {
      all.push_back(pattern_of_search("^" + text + "$"));
    }
    return all;
  }

  /// regsync takes the tags of all sets; of ours each mirror takes one.
  void add_sets(const Yaml& yaml, MirrorDraft mirror) {
    std::vector<const Yaml*> sets;
    const auto* tags = yaml.find("tags");
    if (tags != nullptr && !tags->members.empty()) {
      sets.push_back(tags);
    }
    if (const auto* more = yaml.find("tagSets")) {
      for (const auto& set : more->items) {
        sets.push_back(&set);
      }
    }
    if (sets.empty() || text_of(yaml.find("type")) == "image") {
      draft_.add(std::move(mirror));
      return;
    }
    for (const auto* set : sets) {
      auto one = mirror;
      one.tags = patterns(set->find("allow"));
      one.excluded_tags = patterns(set->find("deny"));
      if (const auto* ranges = set->find("semverRange")) {
        take_semver(texts_of(ranges), one);
      }
      for (auto& remark : remarks_on(*set, {"allow", "deny", "semverRange"}, {})) {
        one.remarks.push_back(std::move(remark));
      }
      draft_.add(std::move(one));
    }
  }

  ConfigDraft& draft_;
  const Yaml* defaults_ = nullptr;
};

} // namespace

void import_regsync(const Yaml& document, ConfigDraft& draft) {
  RegsyncImport import(draft);
  for (const auto& remark : remarks_on(document, {"version", "creds", "defaults", "sync"}, {})) {
    draft.remark(remark);
  }
  if (const auto* hosts = document.find("creds")) {
    for (const auto& host : hosts->items) {
      import.read_host(host);
    }
  }
  if (const auto* defaults = document.find("defaults")) {
    import.read_defaults(*defaults);
  }
  if (const auto* all = document.find("sync")) {
    for (const auto& one : all->items) {
      import.read_sync(one);
    }
  }
}

} // namespace regctl::ops::mirror
