// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copy_result.hpp"
#include "cli/places.hpp"
#include "cli/typed_line.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/path_content.hpp>

#include <memory>

namespace regctl::cli {

namespace {

struct PushFlags {
  std::string source;
  std::string destination;
  CopyFlags flags;
};

ExitCode run_push(const PushFlags& options, Context& context) {
  // A source of a push is never a registry, so that an existing file is meant whatever its name.
  const bool is_here = Place::may_be_either(options.source, look_at_path);
  const auto from = parse_source(context, (is_here ? "./" : "") + options.source);
  if (from.kind == Place::Kind::registry) {
    throw Error(ErrorKind::usage,
                "'" + options.source +
                    "' is not a place to push from: it is taken for an image at " +
                    from.reference->host,
                "for a file, write docker-archive:FILE or ./FILE; for the Docker engine, "
                "docker-daemon:NAME:TAG; to move images between registries: " +
                    typed_line({"copy", options.source,
                                options.destination.empty() ? "HOST/NAME" : options.destination}));
  }
  auto copy_options = to_options(options.flags);
  if (!options.flags.originals.empty()) {
    copy_options.originals = parse_source(context, options.flags.originals);
  }
  context.set_v2({.chunk_bytes = options.flags.chunk_bytes});
  Place to;
  if (!options.destination.empty()) {
    if (auto host = parse_new_host(context, options.destination)) {
      copy_options.host = std::move(host);
    } else if (auto below = parse_namespace(context, options.destination)) {
      copy_options.host = std::move(below->host);
      copy_options.name_space = std::move(below->name_space);
    } else {
      to = parse_place(context, options.destination);
    }
    if (to.kind != Place::Kind::registry && !to.is_storage()) {
      throw Error(ErrorKind::usage, "'" + options.destination + "' is not a place to push to",
                  "regctl copy copies from any place to any place");
    }
  }
  print_copied(context, context.verbs().copy(from, to, copy_options));
  return ExitCode::ok;
}

Action add_push(Arguments& arguments) {
  auto options = std::make_shared<PushFlags>();
  arguments.required("SOURCE", options->source,
                     "An archive of 'docker save', '-' for standard input, "
                     "docker-archive:FILE[:NAME[:TAG]], docker-daemon:NAME[:TAG], oci:DIR[:TAG], "
                     "oci-archive:FILE[:TAG], v1-storage:DIR[:NAME[:TAG]], or "
                     "v2-storage:DIR:NAME[:TAG]");
  arguments.optional("DEST", options->destination,
                     "HOST[:PORT]/NAME[:TAG], or HOST[:PORT] alone or HOST[:PORT]/NAMESPACE/ to "
                     "keep the image's name; or "
                     "v1-storage:DIR[:NAME[:TAG]] or v2-storage:DIR[:NAME[:TAG]]; if left out, its "
                     "name must begin with a host");
  arguments.flag("-a,--all-tags", options->flags.all_tags, "Push all that is in the archive");
  arguments.flag("--no-compress", options->flags.no_compress,
                 "Send plain tar layers as they are instead of compressing them");
  arguments.flag("--no-verify", options->flags.no_verify,
                 "For rescue: do not check layers against their checksums");
  add_platform_to_take(arguments, options->flags.platforms);
  add_form(arguments, options->flags.form);
  add_originals(arguments, options->flags.originals);
  add_chunk_size(arguments, options->flags.chunk_bytes);
  return [options](Context& context) { return run_push(*options, context); };
}

} // namespace

Command push_command() {
  return {{.name = "push",
           .aliases = {},
           .summary = "Push an image from an archive or the Docker engine to a registry",
           .details = "Prints one line for each tag: its name and the image's ID. What is at the "
                      "registry already is not sent again.",
           .examples = {"regctl push app_1.0.tar localhost:5000/team/app:1.0",
                        "docker save app:1.0 | regctl push - localhost:5000/team/app:1.0",
                        "regctl push docker-daemon:app:1.0 localhost:5000"}},
          add_push};
}

} // namespace regctl::cli
