// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"

#include <regctl/model/place.hpp>
#include <regctl/ops/images.hpp>

#include <ctime>

namespace regctl::cli {

namespace {

struct ImagesOptions {
  std::string place;
  bool no_trunc = false;
};

/// A text without "/" is a host, unless it is an archive.
void list(const ImagesOptions& options, Context& context,
          const std::function<void(const ops::ImageRow&)>& on_row) {
  const bool has_slash = options.place.find('/') != std::string::npos;
  const bool has_scheme =
      options.place.find(':') != std::string::npos && options.place.find("docker-") == 0;
  if (!has_slash && !has_scheme) {
    try {
      const auto host = parse_registry_host(options.place);
      ops::list_images(context.session(), host, on_row);
      return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage) {
        throw;
      }
    }
  }
  ops::list_images(context.session(), Place::parse(options.place, Place::Bare::archive_or_registry),
                   on_row);
}

Json to_json(const ops::ImageRow& row) {
  return {{"repository", row.repository},
          {"tag", row.tag},
          {"id", row.id ? Json(*row.id) : Json()},
          {"created", text_or_null(row.created)},
          {"size", row.size_bytes ? Json(*row.size_bytes) : Json()},
          {"problem", text_or_null(row.problem)}};
}

ExitCode run_images(const ImagesOptions& options, Context& context) {
  if (context.format() == Format::json) {
    JsonList rows(context.out);
    list(options, context, [&](const ops::ImageRow& row) { rows.add(to_json(row)); });
    rows.finish();
    return ExitCode::ok;
  }
  Table table(context.out, {"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"});
  const auto now = std::time(nullptr);
  list(options, context, [&](const ops::ImageRow& row) {
    const auto id = row.id.value_or("<none>");
    table.add({row.repository, row.tag, options.no_trunc ? id : id.substr(0, 12),
               human_age(row.created, now),
               !row.problem.empty() ? "(" + row.problem + ")"
               : row.size_bytes     ? human_size(*row.size_bytes)
                                    : "?"});
  });
  table.finish();
  return ExitCode::ok;
}

} // namespace

void add_images_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<ImagesOptions>();
  command
      .add_option("PLACE", options->place,
                  "Registry (host:5000), repository (host:5000/app), archive")
      ->required();
  command.add_flag("--no-trunc", options->no_trunc, "Print whole IDs");
  command.footer("Examples:\n  regctl images registry.local:5000\n"
                 "  regctl images registry.local:5000/team/app\n  regctl images app.tar");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_images(*options, context); };
  });
}

} // namespace regctl::cli
