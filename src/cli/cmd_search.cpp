// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"
#include "cli/typed_line.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/reference.hpp>

#include <memory>

namespace regctl::cli {

namespace {

constexpr std::size_t k_description_columns = 45; // as in `docker search`

struct SearchFlags {
  std::string where;
  std::string term;
  bool no_trunc = false;
};

/// "HOST" and a term, or "HOST/TERM".
struct Question {
  RegistryHost host;
  std::string term;
};

Question parse_question(const SearchFlags& options) {
  std::string_view where = options.where;
  if (const auto scheme = where.find("://"); scheme != std::string_view::npos) {
    where.remove_prefix(scheme + 3);
  }
  const auto slash = where.find('/');
  const auto behind = slash == std::string_view::npos ? "" : where.substr(slash + 1);
  if (!behind.empty() && !options.term.empty()) {
    throw Error(ErrorKind::usage,
                "there are two terms: '" + std::string(behind) + "' and '" + options.term + "'");
  }
  const auto host = options.where.substr(0, options.where.size() - behind.size());
  return {parse_registry_host(host), behind.empty() ? options.term : std::string(behind)};
}

std::string mark(bool is_set) {
  return is_set ? "[OK]" : "";
}

/// Refuses "search ubuntu", which Docker's users type since docker implies its own registry. A word
/// may still be a host of the local network; "docker://" before it says so.
void refuse_term_alone(const SearchFlags& options) {
  if (options.term.empty() && options.where.find_first_of(".:/[") == std::string::npos &&
      options.where != "localhost") {
    throw Error(ErrorKind::usage, "'" + options.where + "' names no registry to search",
                typed_line({"search", "docker.io", options.where}) +
                    " asks Docker Hub, with another host its registry; " +
                    typed_line({"search", with_registry_scheme(options.where)}) +
                    " lists what the host of that name has");
  }
}

ExitCode run_search(const SearchFlags& options, Context& context) {
  refuse_term_alone(options);
  const auto question = parse_question(options);
  Listing listing(context, {"NAME", "DESCRIPTION", "STARS", "OFFICIAL", "AUTOMATED"});
  for (const auto& found : context.verbs().search(question.host, question.term)) {
    if (listing.wants_json()) {
      listing.add(Json{{"repository", found.name},
                       {"description", found.description},
                       {"stars", found.stars},
                       {"official", found.is_official},
                       {"automated", found.is_automated}});
      continue;
    }
    const auto description = visible(found.description);
    listing.add_row(
        {found.name, options.no_trunc ? description : ellipsize(description, k_description_columns),
         std::to_string(found.stars), mark(found.is_official), mark(found.is_automated)});
  }
  listing.finish();
  return ExitCode::ok;
}

Action add_search(Arguments& arguments) {
  auto options = std::make_shared<SearchFlags>();
  arguments.required("HOST", options->where,
                     "A registry, HOST[:PORT], or docker.io; or HOST[:PORT]/TERM");
  arguments.optional("TERM", options->term, "What is in the name; everything if left out");
  arguments.flag("--no-trunc", options->no_trunc, "Show whole descriptions");
  return [options](Context& context) { return run_search(*options, context); };
}

} // namespace

Command search_command() {
  return {{.name = "search",
           .aliases = {},
           .summary = "Search a registry for repositories by name",
           .details = "",
           .examples = {"regctl search localhost:5000 demo", "regctl search localhost:5000/demo",
                        "regctl search docker.io nginx"}},
          add_search};
}

} // namespace regctl::cli
