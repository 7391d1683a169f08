// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copying.hpp"

#include <regctl/base/error.hpp>

namespace regctl::cli {

namespace {

struct PullOptions {
  std::string source;
  std::string destination;
  CopyFlags flags;
};

/// "app_1.0.tar" for host:5000/team/app:1.0; "app.tar" for all tags.
std::string default_file(const Reference& reference, const CopyFlags& flags) {
  const auto name = reference.name.substr(reference.name.rfind('/') + 1);
  return flags.all_tags ? name + ".tar" : name + "_" + reference.tag_or_latest() + ".tar";
}

ExitCode run_pull(const PullOptions& options, Context& context) {
  const auto from = Place::parse(options.source);
  if (from.kind != Place::Kind::registry) {
    throw Error(ErrorKind::usage, "pull wants an image at a registry, not " + options.source,
                "regctl copy copies from any place to any place");
  }
  Place to;
  if (options.destination.empty()) {
    to.kind = Place::Kind::docker_archive;
    to.path = default_file(*from.reference, options.flags);
  } else {
    to = Place::parse(options.destination, Place::Bare::archive_or_registry);
  }
  if (to.kind == Place::Kind::registry) {
    throw Error(ErrorKind::usage, "'" + options.destination + "' is not a place to pull to",
                "name a file (ending in .tar), -, or docker-daemon:; between registries use copy");
  }
  return copy_and_tell(from, to, options.flags, context);
}

} // namespace

void add_pull_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<PullOptions>();
  command.add_option("IMAGE", options->source, "Image, as in host:5000/app:1.0")->required();
  command.add_option("DEST", options->destination,
                     "File, - for stdout, docker-daemon:[NAME]; NAME_TAG.tar if left out");
  add_copy_flags(command, options->flags);
  command.footer("Examples:\n  regctl pull registry.local:5000/team/app:1.0\n"
                 "  regctl pull -a registry.local:5000/team/app all.tar\n"
                 "  regctl pull registry.local:5000/team/app:1.0 - | docker load");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_pull(*options, context); };
  });
}

} // namespace regctl::cli
