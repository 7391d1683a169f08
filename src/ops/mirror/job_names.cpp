// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/job_names.hpp"

#include "ops/mirror/plan_line.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/ops/places/names.hpp>

namespace regctl::ops::mirror {

std::string destination_name(const MirrorJob& job, const std::string& source_name) {
  if (const auto* destination = job.destination.reference()) {
    return destination->name;
  }
  return with_namespace(job.destination.name_space, job.rules.destination_name(source_name));
}

std::vector<std::string> read_names(const std::string& file) {
  std::vector<std::string> names;
  LineReader lines(file);
  while (const auto line = lines.next()) {
    if (is_remark(*line)) {
      continue;
    }
    const auto parsed = parse_plan_line(*line, lines.where());
    if (parsed.is_mirror) {
      throw Error(ErrorKind::usage,
                  lines.where() + " is of a whole mirror, and names no repository",
                  "mirror it again without --repositories-from");
    }
    names.push_back(familiar_name(parsed.tag.source_name));
  }
  sort_and_unite(names);
  return names;
}

} // namespace regctl::ops::mirror
