// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copy_result.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/units.hpp"

#include <regctl/base/json.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct ReferrersFlags {
  std::string place;
  std::string artifact_type;
  std::string platforms;
};

Json to_json(const std::vector<ops::Referrer>& referrers) {
  auto array = Json::array();
  for (const auto& referrer : referrers) {
    const auto& descriptor = referrer.descriptor;
    array.push_back({{"digest", descriptor.digest.to_string()},
                     {"artifact_type", or_null(referrer.artifact_type)},
                     {"media_type", or_null(descriptor.media_type)},
                     {"size", descriptor.size_bytes},
                     {"annotations", Json(descriptor.annotations)},
                     {"referrers", to_json(referrer.referrers)}});
  }
  return array;
}

/// What refers to a referrer stands below it, further in.
void add_rows(Listing& listing, const std::vector<ops::Referrer>& referrers, std::size_t depth) {
  for (const auto& referrer : referrers) {
    listing.add_row({std::string(depth * 2, ' ') + referrer.descriptor.digest.to_string(),
                     referrer.artifact_type.empty() ? "N/A" : referrer.artifact_type,
                     show_size(referrer.descriptor.size_bytes)});
    add_rows(listing, referrer.referrers, depth + 1);
  }
}

ExitCode run_referrers(const ReferrersFlags& options, Context& context) {
  const auto place = parse_source(context, options.place);
  const auto found = context.verbs().list_referrers(place, {to_platforms(options.platforms)},
                                                    options.artifact_type);
  if (context.wants_json()) {
    print_json(context.out(), {{"place", place.to_string()},
                               {"subject", found.subject.to_string()},
                               {"referrers", to_json(found.referrers)}});
    return ExitCode::ok;
  }
  Listing listing(context, {"DIGEST", "TYPE", "SIZE"});
  add_rows(listing, found.referrers, 0);
  listing.finish(Listing::WhenEmpty::nothing);
  if (found.referrers.empty()) {
    context.note("nothing refers to " + place.to_string());
  }
  return ExitCode::ok;
}

Action add_referrers(Arguments& arguments) {
  auto options = std::make_shared<ReferrersFlags>();
  arguments.required("IMAGE", options->place,
                     "HOST[:PORT]/NAME[:TAG|@DIGEST], oci:DIR[:TAG|@DIGEST], "
                     "oci-archive:FILE[:TAG], or v2-storage:DIR:NAME[:TAG|@DIGEST]");
  arguments.value("--artifact-type", "TYPE", options->artifact_type, "Only those of this type");
  add_platform(arguments, options->platforms);
  return [options](Context& context) { return run_referrers(*options, context); };
}

} // namespace

Command referrers_command() {
  return {{.name = "referrers",
           .aliases = {},
           .summary = "List what refers to an image: signatures, SBOMs, attestations",
           .details = "Found by the registry's API, by the tag sha256-DIGEST where there is none, "
                      "and by cosign's tags. What refers to a referrer stands below it.",
           .examples = {"regctl referrers localhost:5000/team/app:1.0",
                        "regctl referrers --artifact-type application/spdx+json "
                        "localhost:5000/team/app:1.0"}},
          add_referrers};
}

} // namespace regctl::cli
