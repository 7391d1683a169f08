// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/output_sink.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/ops/map.hpp>

#include <memory>
#include <string>

namespace regctl::cli {

namespace {

struct MapFlags {
  std::string file;
  std::string what;
  bool rewrite = false;
  ops::RewriteOptions rewriting;
  bool is_strict = false;
  bool no_trunc = false;
};

std::string show_end(const std::string& end, const std::string& name, const std::string& tag) {
  const auto place = without_registry_scheme(end);
  const bool is_registry = place.size() < end.size();
  return (is_registry ? std::string(place.substr(0, place.find('/'))) + "/" : "") + name + ":" +
         tag;
}

/// What became of one tag, or of one layer of it.
void add_row(Listing& listing, const ops::MapLine& line, const ops::MadeLayer* layer,
             bool no_trunc) {
  const auto id = layer != nullptr ? layer->id : line.id.value_or("");
  std::string digest = "N/A";
  if (layer != nullptr) {
    digest = layer->blob ? layer->blob->digest.to_string() : "no files";
  } else if (line.made) {
    digest = line.made->digest.to_string();
  }
  listing.add_row({layer != nullptr ? "layer" : "image", show_end(line.from, line.source, line.tag),
                   id.empty() ? "N/A"
                   : no_trunc ? id
                              : short_id(id),
                   show_end(line.to, line.destination, line.tag), std::move(digest)});
}

ExitCode look_up(const MapFlags& options, Context& context) {
  Listing listing(context, {"KIND", "SOURCE", "ID", "DESTINATION", "DIGEST"});
  ops::look_up_map(options.file, options.what, [&](const auto& line, const auto* layer) {
    if (listing.wants_json()) {
      listing.add(to_json(line));
    } else {
      add_row(listing, line, layer, options.no_trunc);
    }
  });
  listing.finish();
  return ExitCode::ok;
}

ExitCode rewrite(const MapFlags& options, Context& context) {
  if (options.file == "-") {
    throw Error(ErrorKind::usage, "the map and the text both want standard input",
                "name the map's file");
  }
  OutputSink out(context.out());
  const auto text = context.console().open_in();
  const auto done = ops::rewrite_references(
      options.file, options.rewriting, *text, out, [&](const ops::RemarkedReference& one) {
        context.failure("line " + std::to_string(one.line) + ": " + one.text + " " + one.remark);
      });
  context.note(std::to_string(done.replaced) + (done.replaced == 1 ? " reference" : " references") +
               " replaced" +
               (done.left > 0 ? ", " + std::to_string(done.left) + " left as they were" : ""));
  return options.is_strict && done.left + done.not_pinned > 0 ? ExitCode::not_found : ExitCode::ok;
}

ExitCode run_map(const MapFlags& options, Context& context) {
  const auto& rewriting = options.rewriting;
  if (options.rewrite && !options.what.empty()) {
    throw Error(ErrorKind::usage, "--rewrite reads its text from standard input",
                "regctl map " + options.file + " --rewrite < " + options.what);
  }
  if (options.rewrite) {
    return rewrite(options, context);
  }
  if (rewriting.pin || options.is_strict || !rewriting.old_hosts.empty() ||
      !rewriting.new_host.empty()) {
    throw Error(ErrorKind::usage, "--pin, --old, --new and --strict are about --rewrite");
  }
  if (options.what.empty()) {
    throw Error(ErrorKind::usage, "what is to be looked up?",
                "regctl map FILE NAME[:TAG], an ID or a digest; or --rewrite < TEXT");
  }
  return look_up(options, context);
}

Action add_map(Arguments& arguments) {
  auto options = std::make_shared<MapFlags>();
  arguments.required("FILE", options->file, "A map, which 'regctl mirror --map' wrote");
  arguments.optional("WHAT", options->what,
                     "A repository or tag at either end, the ID of a v1 image, or a digest");
  arguments.flag("--rewrite", options->rewrite,
                 "Print standard input with the new names of images for the old ones");
  arguments.flag("--pin", options->rewriting.pin, "With --rewrite: NAME@DIGEST for NAME:TAG");
  arguments.values(
      "--old", "HOST[:PORT]",
      [options](const std::string& text) {
        options->rewriting.old_hosts.push_back(parse_registry_host(text).host);
      },
      "With --rewrite: another name of the old registry");
  arguments.value(
      "--new", "HOST[:PORT]",
      [options](const std::string& text) {
        options->rewriting.new_host = parse_registry_host(text).host;
      },
      "With --rewrite: the name of the new registry, if it is not that of the mirror");
  arguments.flag("--strict", options->is_strict,
                 "With --rewrite: end with 3 if a reference was not found or not pinned");
  arguments.flag("--no-trunc", options->no_trunc, "Show whole IDs");
  return [options](Context& context) { return run_map(*options, context); };
}

} // namespace

Command map_command() {
  return {{.name = "map",
           .aliases = {},
           .summary = "Tell what images of protocol v1 became, and rewrite files that name them",
           .details =
               "Looks things up in a map that 'regctl mirror --map' wrote. With --rewrite every "
               "image reference of the old registry in a Dockerfile, a compose file, a Kubernetes "
               "manifest or any other text is replaced by the new one, and nothing else is "
               "touched; what was not found is told on standard error.",
           .examples = {"regctl map map.jsonl team/app:1.0", "regctl map map.jsonl 90faa956d9c7",
                        "regctl map map.jsonl --rewrite < compose.yaml > compose.new.yaml"}},
          add_map};
}

} // namespace regctl::cli
