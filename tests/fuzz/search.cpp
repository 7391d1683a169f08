// SPDX-License-Identifier: Apache-2.0
#include "registry/v1/search.hpp"

#include "fuzz/fuzz.hpp"

#include <regctl/base/stream.hpp>

#include <algorithm>
#include <set>
#include <vector>

using namespace regctl;
using namespace regctl::registry::v1;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

} // namespace

/// Each line is a page of the answer; the last one comes again for every later page.
void fuzz(const std::string& input) {
  const auto pages = lines_of(input);
  std::size_t asked = 0;
  std::size_t notes = 0;
  SearchContext context;
  context.host = "host:5000";
  context.ask = [&](const std::string&) {
    http::Response response;
    response.status = 200;
    response.body = make_text_source(pages[std::min(asked++, pages.size() - 1)]);
    return response;
  };
  // Some names are answered to, and always the same.
  context.has_repository = [](const std::string& name) { return name.size() % 2 == 0; };
  context.note = [&](const std::string&) { ++notes; };
  const auto hits = search(context, "a");
  std::set<std::string> names;
  for (const auto& hit : hits.value_or(std::vector<SearchResult>())) {
    if (!names.insert(hit.name).second) {
      __builtin_trap(); // no name twice
    }
  }
  // A page that comes again brings nothing new and ends it.
  if (asked > pages.size() + 1 || notes > 1) {
    __builtin_trap();
  }
}
