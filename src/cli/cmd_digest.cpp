// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copy_result.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"

#include <regctl/base/json.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct DigestFlags {
  std::string place;
  std::string platforms;
};

ExitCode run_digest(const DigestFlags& options, Context& context) {
  const auto place = parse_source(context, options.place);
  const auto digest = context.verbs().find_digest(place, {to_platforms(options.platforms)});
  if (context.wants_json()) {
    print_json(context.out(), {{"place", place.to_string()}, {"digest", digest.to_string()}});
  } else {
    context.out() << digest.to_string() << '\n';
  }
  return ExitCode::ok;
}

Action add_digest(Arguments& arguments) {
  auto options = std::make_shared<DigestFlags>();
  arguments.required("IMAGE", options->place,
                     "HOST[:PORT]/NAME[:TAG], oci:DIR[:TAG], oci-archive:FILE[:TAG], or "
                     "v2-storage:DIR:NAME[:TAG]");
  add_platform(arguments, options->platforms);
  return [options](Context& context) { return run_digest(*options, context); };
}

} // namespace

Command digest_command() {
  return {{.name = "digest",
           .aliases = {},
           .summary = "Print the digest of an image",
           .details = "Asks a registry by HEAD, which Docker Hub does not count. Of an image for "
                      "several platforms it is the digest of the index, unless --platform is "
                      "given. Images of protocol v1 have IDs instead.",
           .examples = {"regctl digest localhost:5000/team/app:1.0",
                        "regctl digest --platform linux/arm64 localhost:5000/team/app:1.0"}},
          add_digest};
}

} // namespace regctl::cli
