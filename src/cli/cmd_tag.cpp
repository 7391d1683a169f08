// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/json_text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1_image.hpp>
#include <regctl/ops/tag.hpp>

namespace regctl::cli {

namespace {

struct TagOptions {
  std::string source;
  std::vector<std::string> targets;
};

/// A bare tag means another tag of the same repository.
Reference target_of(const std::string& text, const Reference& source) {
  if (is_tag(text) && text.find('/') == std::string::npos) {
    auto target = source;
    target.tag = text;
    target.digest.reset();
    return target;
  }
  return Reference::parse(text);
}

ExitCode run_tag(const TagOptions& options, Context& context) {
  auto list = Json::array();
  for (const auto& text : options.targets) {
    std::string id;
    Reference target;
    if (is_v1_id(options.source)) {
      id = options.source;
      target = Reference::parse(text);
      ops::tag_id(context.session(), id, target);
    } else {
      const auto source = Reference::parse(options.source);
      target = target_of(text, source);
      id = ops::tag_image(context.session(), source, target);
    }
    target.tag = target.tag_or_latest();
    list.push_back({{"tag", target.to_string()}, {"id", id}});
  }
  context.end_progress();
  if (context.format() == Format::json) {
    print_json(context.out, list);
    return ExitCode::ok;
  }
  for (const auto& entry : list) {
    context.out << entry["tag"].get<std::string>() << ' '
                << short_id(entry["id"].get<std::string>()) << '\n';
  }
  return ExitCode::ok;
}

} // namespace

void add_tag_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<TagOptions>();
  command
      .add_option("IMAGE", options->source, "Image, as in host:5000/app:1.0, or a whole image ID")
      ->required();
  command.add_option("NEW", options->targets, "New tags, or whole names at the same registry")
      ->required();
  command.footer("Examples:\n  regctl tag registry.local:5000/team/app:1.0 stable\n"
                 "  regctl tag registry.local:5000/team/app:1.0 registry.local:5000/prod/app:1.0");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_tag(*options, context); };
  });
}

} // namespace regctl::cli
