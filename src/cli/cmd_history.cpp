// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copy_result.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <algorithm>
#include <memory>
#include <string>

namespace regctl::cli {

namespace {

constexpr std::size_t k_command_columns = 45; // as in `docker history`

struct HistoryFlags {
  std::string place;
  std::string platforms;
  bool no_trunc = false;
};

Json step_to_json(const ops::ChainImage& member) {
  const auto& info = member.info;
  const auto& stored = member.image.layer_size_bytes;
  return {{"id", member.image.id},
          {"created", or_null(info.created)},
          {"created_by", or_null(info.created_by)},
          {"size", or_null(stored)},
          {"unpacked_size", or_null(info.size_bytes)},
          {"comment", or_null(info.comment)},
          {"author", or_null(info.author)}};
}

struct OciStep {
  const oci::HistoryEntry* entry;
  const oci::Descriptor* layer; ///< null for a step that changed no file
};

/// The steps of an image, newest first, each with its layer.
std::vector<OciStep> steps_of(const ops::OciDetails& details) {
  std::vector<OciStep> steps;
  const auto& layers = details.manifest.layers;
  std::size_t next = 0;
  for (const auto& entry : details.config->history) {
    const bool has_layer = !entry.is_empty_layer && next < layers.size();
    steps.push_back({&entry, has_layer ? &layers[next++] : nullptr});
  }
  std::reverse(steps.begin(), steps.end());
  return steps;
}

void show_oci_history(const ops::OciDetails& details, const HistoryFlags& options,
                      Context& context) {
  if (!details.config) {
    throw Error(ErrorKind::unsupported,
                details.place + " has no history: it is " +
                    (details.manifest.kind == oci::Manifest::Kind::index ? "an index" : "no image"),
                details.manifest.kind == oci::Manifest::Kind::index
                    ? "choose one of its images with --platform"
                    : "");
  }
  Listing listing(context, {"LAYER", "CREATED", "CREATED BY", "SIZE"});
  for (const auto& [step, layer] : steps_of(details)) {
    const auto& entry = *step;
    if (listing.wants_json()) {
      listing.add({{"digest", layer == nullptr ? Json(nullptr) : Json(layer->digest.to_string())},
                   {"created", or_null(entry.created)},
                   {"created_by", or_null(entry.created_by)},
                   {"size", layer == nullptr ? Json(nullptr) : Json(layer->size_bytes)},
                   {"comment", or_null(entry.comment)},
                   {"author", or_null(entry.author)}});
      continue;
    }
    const auto command = visible(entry.created_by);
    const auto digest = layer == nullptr ? std::string("<none>") : layer->digest.to_string();
    listing.add_row(
        {options.no_trunc || layer == nullptr ? digest : short_identity(digest),
         entry.created.empty() ? "N/A" : human_age(entry.created, context.console().now()),
         options.no_trunc ? command : ellipsize(command, k_command_columns),
         layer == nullptr ? "0 B" : show_size(layer->size_bytes)});
  }
  listing.finish();
}

ExitCode run_history(const HistoryFlags& options, Context& context) {
  const auto place = parse_source(context, options.place);
  const auto inspected = context.verbs().inspect(place, {to_platforms(options.platforms)});
  if (const auto* image = std::get_if<ops::OciDetails>(&inspected)) {
    show_oci_history(*image, options, context);
    return ExitCode::ok;
  }
  const auto& details = std::get<ops::ImageDetails>(inspected);
  Listing listing(context, {"IMAGE", "CREATED", "CREATED BY", "SIZE", "LAYER"});
  for (const auto& member : details.chain) {
    if (listing.wants_json()) {
      listing.add(step_to_json(member));
      continue;
    }
    const auto command = visible(member.info.created_by);
    listing.add_row({options.no_trunc ? member.image.id : short_id(member.image.id),
                     human_age(member.info.created, context.console().now()),
                     options.no_trunc ? command : ellipsize(command, k_command_columns),
                     show_size(member.info.size_bytes), show_size(member.image.layer_size_bytes)});
  }
  listing.finish();
  return ExitCode::ok;
}

Action add_history(Arguments& arguments) {
  auto options = std::make_shared<HistoryFlags>();
  arguments.required("IMAGE", options->place,
                     "HOST[:PORT]/NAME[:TAG|@DIGEST], an archive, oci:DIR[:TAG], "
                     "v1-storage:DIR:NAME[:TAG], v2-storage:DIR:NAME[:TAG], or "
                     "docker-daemon:NAME[:TAG]");
  arguments.flag("--no-trunc", options->no_trunc, "Show whole IDs, digests and commands");
  add_platform(arguments, options->platforms);
  return [options](Context& context) { return run_history(*options, context); };
}

} // namespace

Command history_command() {
  return {{.name = "history",
           .aliases = {},
           .summary = "Show how an image was made, newest step first",
           .details =
               "SIZE is that of the unpacked layer, as 'docker history' shows it, where the image "
               "tells it; LAYER is that of the layer as it is stored. Of an OCI image LAYER is the "
               "layer's digest and SIZE that of the layer as it is stored.",
           .examples = {"regctl history localhost:5000/team/app:1.0",
                        "regctl history --no-trunc app_1.0.tar"}},
          add_history};
}

} // namespace regctl::cli
