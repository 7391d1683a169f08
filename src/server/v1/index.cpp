// SPDX-License-Identifier: Apache-2.0
#include "server/http/produced_text.hpp"
#include "server/http/responses.hpp"
#include "server/v1/answers.hpp"

#include <regctl/base/json.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/whole_number.hpp>

#include <algorithm>

namespace regctl::server {

namespace {

constexpr std::size_t k_page_size = 25; // as the Hub has it
constexpr std::size_t k_page_limit = 100'000;

/// A positive number in the query; `otherwise` if it is missing or malformed.
std::size_t number(const Request& request, const char* name, std::size_t otherwise) {
  const auto value = parse_whole_number<std::size_t>(request.query(name).value_or(""));
  return value.value_or(0) > 0 ? std::min(*value, k_page_limit) : otherwise;
}

/// Names of repositories that contain `term`, have tags, and are visible to the client.
/// Repositories without tags are remains of failed pushes.
std::vector<std::string> find_names(const Call& call, std::string_view term) {
  auto& index = *call.service.index;
  auto names = index.find(term);
  std::erase_if(names, [&](const std::string& name) { return !index.has_tags(name); });
  const auto& auth = *call.service.auth;
  if (auth.is_public_readable() && !auth.is_user(call.request)) {
    std::erase_if(names, [&](const std::string& name) { return index.is_private(name); });
  }
  return names;
}

/// The same, with the names that the mirror's source finds. If the source does not answer, or has
/// no search, only local names are returned.
std::vector<std::string> find_names_everywhere(const Call& call, const std::string& term) {
  auto names = find_names(call, term);
  if (call.service.mirror) {
    const auto found = call.service.mirror->search(term).value.value_or(std::vector<std::string>());
    names.insert(names.end(), found.begin(), found.end());
    sort_and_unite(names);
  }
  return names;
}

/// Prints `head` with the member "results". Printed by hand, because a document of ten thousand
/// names takes many times as long.
std::string print_results(const Json& head, const std::vector<std::string>& names) {
  auto text = print_spaced_json(head);
  text.replace(text.size() - 1, 1, ", \"results\": [");
  bool is_first = true;
  for (const auto& name : names) {
    text += is_first ? R"({"description": "", "name": )" : R"(, {"description": "", "name": )";
    text += json_quote(name) + "}";
    is_first = false;
  }
  return text + "]}";
}

/// The member's name in JSON: "\"team/app:1.0\": ".
std::string tag_key(const std::string& name, const std::string& tag) {
  return json_quote(name + ":" + tag) + ": ";
}

/// {"team/app:1.0": "ID", …}, made repository by repository.
class Listing final : public ProducedText {
public:
  Listing(SearchIndex& index, std::vector<std::string> names)
      : index_(index), names_(std::move(names)) {}

private:
  bool add_to(std::string& text) override {
    if (next_ > names_.size()) {
      return false;
    }
    text += next_ == 0 ? "{" : "";
    if (next_ == names_.size()) {
      text += "}";
    } else {
      add_repository(names_[next_], text);
    }
    ++next_;
    return true;
  }

  void add_repository(const std::string& name, std::string& text) {
    for (const auto& [tag, id] : index_.tags(name).value_or(V1Tags())) {
      // A tag that cannot be read is null: without it the tag would seem to be removed.
      text += is_first_ ? "" : ", ";
      text += tag_key(name, tag);
      text += id ? json_quote(*id) : "null";
      is_first_ = false;
    }
  }

  SearchIndex& index_; // of the server
  std::vector<std::string> names_;
  std::size_t next_ = 0;
  bool is_first_ = true;
};

} // namespace

Response get_root(Call& call) {
  return json_response(json_quote(call.service.issue));
}

Response get_ping(Call&) {
  auto response = json_response("true");
  response.headers.push_back({"X-Docker-Registry-Standalone", "True"});
  response.headers.push_back({"X-Docker-Registry-Version", "0.9.1"}); // docker-registry's
  response.headers.push_back({"X-Docker-Registry-Config", "regctl"});
  return response;
}

Response get_metrics(Call& call) {
  Response response;
  response.text = call.service.metrics();
  response.headers.push_back({"Content-Type", "text/plain; version=0.0.4"});
  return response;
}

Response get_search(Call& call) {
  if (!call.service.search) {
    return error_response(404, "search is off here");
  }
  const auto term = call.request.query("q").value_or("");
  auto names = find_names_everywhere(call, term);
  const auto total = names.size();
  auto document = Json{{"num_results", total}};
  if (call.request.query("page") || call.request.query("n")) {
    const auto size = number(call.request, "n", k_page_size);
    const auto page = number(call.request, "page", 1);
    document["num_pages"] = (total + size - 1) / size;
    document["page"] = page;
    document["page_size"] = size;
    const auto begin = std::min((page - 1) * size, total);
    names = {names.begin() + static_cast<std::ptrdiff_t>(begin),
             names.begin() + static_cast<std::ptrdiff_t>(std::min(begin + size, total))};
  }
  document["query"] = term;
  return json_response(print_results(document, names));
}

Response list_repositories(Call& call) {
  auto names = find_names(call, "");
  auto response = json_response("");
  response.stream = std::make_unique<Listing>(*call.service.index, std::move(names));
  return response;
}

Response get_users(Call&) {
  return json_response("\"OK\"");
}

Response post_users(Call& call) {
  if (call.service.auth->has_users()) {
    // Engines continue with GET users/ and Basic only after exactly this text.
    return json_response("\"Username or email already exists\"", 400);
  }
  if (!Json::accept(call.body)) {
    return error_response(400, "Error Decoding JSON");
  }
  return json_response("\"User Created\"", 201);
}

Response put_user(Call&) {
  return json_response("", 204);
}

Response put_auth(Call&) {
  return json_response("\"OK\"");
}

} // namespace regctl::server
