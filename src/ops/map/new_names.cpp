// SPDX-License-Identifier: Apache-2.0
#include "ops/map/new_names.hpp"

#include "ops/map/map_end.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/base/text.hpp>

namespace regctl::ops {

NewNames::NewNames(const std::string& file, const std::vector<std::string>& old_hosts,
                   const std::string& new_host) {
  LineReader lines(file, k_map_line_bytes);
  bool is_empty = true;
  for (const auto& host : old_hosts) {
    old_hosts_.insert(lower(host));
  }
  hosts_ = old_hosts_;
  while (const auto text = lines.next()) {
    is_empty = false;
    add(parse_map_line(*text, lines.where()), new_host);
  }
  if (hosts_.empty() && !is_empty) {
    throw Error(ErrorKind::usage, input_name(file) + " is not of a registry but of a storage",
                "say by which name the text knows the old registry: --old HOST[:PORT]");
  }
}

void NewNames::add(const MapLine& line, const std::string& new_host) {
  const auto now = new_host.empty() ? registry_of_end(line.to) : std::optional(new_host);
  if (!now) {
    throw Error(ErrorKind::usage, "the images went to " + line.to + ", which is no registry",
                "say by which name it is served now: --new HOST[:PORT]");
  }
  auto hosts = old_hosts_;
  if (const auto host = registry_of_end(line.from)) {
    hosts.insert(lower(*host));
  }
  const auto name = *now + "/" + line.destination;
  for (const auto& host : hosts) {
    auto& repository = repositories_[host + "/" + familiar_name(line.source)];
    if (repository.name.empty()) {
      repository.name = name;
    } else if (repository.name != name) {
      throw Error(ErrorKind::usage,
                  "the map has " + host + "/" + line.source + " at " + repository.name +
                      " and at " + name,
                  "keep the lines of one mirror only");
    }
    const bool is_kept = line.outcome == "kept"; // what it is made of may be unknown
    repository.tags[line.tag] = {line.made || is_kept,
                                 line.made ? std::optional(line.made->digest.to_string())
                                           : std::nullopt};
  }
  hosts_.merge(hosts);
}

const NewNames::Repository* NewNames::find(std::string_view host, std::string_view name) const {
  const auto found = repositories_.find(std::string(host) + "/" + familiar_name(name));
  return found == repositories_.end() ? nullptr : &found->second;
}

} // namespace regctl::ops
