// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/config_registries.hpp"
#include "ops/mirror/config_rules.hpp"

#include <regctl/ops/mirror/config.hpp>
#include <regctl/server/http/page_server.hpp>

#include <algorithm>
#include <initializer_list>

namespace regctl::ops::mirror {

namespace {

void read_version(ConfigSection& section) {
  if (section.require("version") == nullptr) {
    return;
  }
  int version = 0;
  section.read("version", version, [](const std::string& text) {
    if (text != "1") {
      throw Error(ErrorKind::usage, "'" + text + "' is not known", "this program reads version 1");
    }
    return 1;
  });
}

std::string parse_listener(const std::string& text) {
  server::check_listen_address(text);
  return text;
}

void read_run(ConfigSection& section, RunOptions& run) {
  section.read("jobs", run.jobs, parse_jobs);
  read_bandwidth(section, run.bandwidth);
  section.read("gentle", run.gentle, parse_flag);
  section.read("fail_fast", run.fail_fast, parse_flag);
  section.read("require_checksum", run.require_checksum, parse_flag);
  section.read("verify_destination", run.verify_destination, parse_flag);
  section.read("strict", run.strict, parse_flag);
  section.read("report", run.report, parse_text);
  section.read("failures", run.failures, parse_text);
  section.read("map", run.map, parse_text);
  section.read("state", run.state, parse_text);
  section.read("metrics_file", run.metrics_file, parse_text);
  section.read("listen_metrics", run.listen_metrics, parse_listener);
}

Endpoint parse_end(const std::string& text) {
  auto end = Endpoint::parse(text);
  refuse_digest(end);
  return end;
}

bool is_one_of(const Endpoint& end, std::initializer_list<Place::Kind> kinds) {
  const auto kind = end.place ? end.place->kind : Place::Kind::registry;
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

/// Throw Error{usage} for a place that no mirror can read, or write. The messages do not show the
/// place.
void check_source(const Endpoint& end) {
  if (!is_one_of(end, {Place::Kind::registry, Place::Kind::v1_storage, Place::Kind::v2_storage,
                       Place::Kind::docker_archive})) {
    throw Error(ErrorKind::usage, "nothing is mirrored from such a place",
                "sources are registries, v1-storage:DIR, v2-storage:DIR and docker-archive:FILE");
  }
}

void check_destination(const Endpoint& end) {
  if (!is_one_of(end, {Place::Kind::registry, Place::Kind::v1_storage, Place::Kind::v2_storage})) {
    throw Error(ErrorKind::usage, "nothing is mirrored to such a place",
                "destinations are registries, v1-storage:DIR and v2-storage:DIR; regctl copy "
                "writes archives");
  }
}

Endpoint parse_source(const std::string& text) {
  auto source = parse_end(text);
  check_source(source);
  return source;
}

void read_ends(ConfigSection& section, MirrorJob& job) {
  section.require("source");
  section.require("destination");
  section.read("source", job.source, parse_source);
  const bool has_source = job.source.host || job.source.place;
  section.read("destination", job.destination, [&](const std::string& text) {
    auto destination = parse_end(text);
    check_destination(destination);
    if (has_source) {
      check_ends(job.source, destination);
    }
    return destination;
  });
}

MirrorJob read_job(const Yaml& yaml, const Spot& spot, ConfigReader& reader,
                   const Rules& defaults) {
  MirrorJob job;
  job.rules = defaults;
  ConfigSection section(yaml, spot, reader);
  read_ends(section, job);
  section.read("repositories_from", job.repositories_from, parse_text);
  read_rules(section, job.rules);
  section.finish();
  return job;
}

void read_mirrors(ConfigSection& section, const Rules& defaults, std::vector<MirrorJob>& mirrors) {
  const auto* member = section.require("mirrors");
  if (member == nullptr) {
    return;
  }
  const auto spot = section.spot_of(*member);
  if (member->value.kind != Yaml::Kind::list || member->value.items.empty()) {
    section.reader().complain(spot, "is not a list of mirrors");
    return;
  }
  for (std::size_t i = 0; i < member->value.items.size(); ++i) {
    const auto& item = member->value.items[i];
    mirrors.push_back(read_job(item, spot.item(i, item.line), section.reader(), defaults));
  }
}

MirrorConfig parse(const std::string& text, std::string_view file, const Environment& environment,
                   References references) {
  const auto document = parse_yaml(text, file);
  ConfigReader reader(file, environment, references);
  MirrorConfig config;
  ConfigSection top(document, {document.line, ""}, reader);
  read_version(top);
  config.registries = read_registries(top);
  Rules defaults;
  if (const auto* member = top.take("defaults")) {
    ConfigSection section(member->value, top.spot_of(*member), reader);
    read_run(section, config.run);
    read_rules(section, defaults);
    section.finish();
  }
  read_mirrors(top, defaults, config.mirrors);
  top.finish();
  reader.finish();
  return config;
}

} // namespace

MirrorConfig parse_mirror_config(const std::string& text, std::string_view file,
                                 const Environment& environment) {
  return parse(text, file, environment, References::unchecked);
}

MirrorConfig parse_runnable_config(const std::string& text, std::string_view file,
                                   const Environment& environment) {
  return parse(text, file, environment, References::checked);
}

} // namespace regctl::ops::mirror
