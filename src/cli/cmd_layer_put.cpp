// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/input_file.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/v1/image.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct LayerPutFlags {
  std::string repository;
  std::string json_file;
  std::string layer_file;
};

ExitCode run_layer_put(const LayerPutFlags& options, Context& context) {
  const auto repository = parse_repository_place(context, options.repository);
  refuse_tag(*repository.reference, options.repository);
  if (options.json_file == "-" && options.layer_file == "-") {
    throw Error(ErrorKind::usage, "standard input cannot be both the JSON and the layer");
  }
  const auto what = input_name(options.json_file);
  const auto json =
      read_text(*make_fd_source(open_input(options.json_file), what), k_document_limit_bytes, what);
  const auto id =
      in_context([&] { return "reading " + what; }, [&] { return parse_v1_image(json).id; });
  const auto layer = open_input_file(options.layer_file);
  const auto outcome = context.verbs().put_layer(repository, json, layer.open, layer.size_bytes);
  const bool is_new = outcome == PutOutcome::stored;
  if (context.wants_json()) {
    print_json(context.out(), {{"id", id}, {"outcome", is_new ? "stored" : "there already"}});
    return ExitCode::ok;
  }
  if (!is_new) {
    context.note("image " + short_id(id) + " is there already, skipping");
  }
  context.out() << id << '\n';
  return ExitCode::ok;
}

Action add_layer_put(Arguments& arguments) {
  auto options = std::make_shared<LayerPutFlags>();
  arguments.required("REPOSITORY", options->repository, "HOST[:PORT]/NAME or v1-storage:DIR:NAME");
  arguments.required("JSONFILE", options->json_file,
                     "The image's JSON, whose bytes are kept; it names the image and its parent. "
                     "'-' is standard input");
  arguments.required("LAYERFILE", options->layer_file,
                     "The layer, sent as it is; '-' is standard input");
  return [options](Context& context) { return run_layer_put(*options, context); };
}

} // namespace

Command layer_put_command() {
  return {{.name = "layer put",
           .aliases = {},
           .summary = "Push one image, its JSON and its layer, without a tag",
           .details = "The parent that the JSON names must be at the registry. Prints the image's "
                      "ID; 'regctl tag --id' gives it a name.",
           .examples = {"regctl layer put localhost:5000/team/app image.json layer.tar.gz"}},
          add_layer_put};
}

} // namespace regctl::cli
