// SPDX-License-Identifier: Apache-2.0
#include "server/v1/pull_through.hpp"

#include "server/http/responses.hpp"
#include "server/v1/fetch.hpp"
#include "server/v1/open_uploads.hpp"
#include "server/v1/readable_layer.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/layer.hpp>

#include <algorithm>
#include <system_error>

namespace regctl::server {

namespace {

constexpr std::size_t k_most_fetches = 128;

std::string tag_properties() {
  return "{}";
}

} // namespace

Response source_failed_response() {
  return error_response(502, "the mirror's source does not answer");
}

PullThrough::PullThrough(std::shared_ptr<V1Storage> storage,
                         std::function<registry::v1::Registry&()> source,
                         std::function<void(const std::string&)> complain,
                         std::function<void(const std::string&)> on_new_repository,
                         Unproven unproven)
    : storage_(std::move(storage)), source_(std::move(source)), complain_(std::move(complain)),
      on_new_repository_(std::move(on_new_repository)), unproven_(unproven) {}

PullThrough::~PullThrough() {
  std::map<std::string, Running> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(fetches_);
  }
  for (auto& [id, running] : left) {
    running.thread.join();
  }
  join_ended();
}

/// The result of `body`. If the source does not answer, complains and returns a failure.
template <class Body>
auto PullThrough::guarded(const std::string& what, Body&& body)
    -> Asked<typename decltype(body())::value_type> {
  try {
    return {body()};
  } catch (const Error& error) {
    const bool is_answer = error.kind() == ErrorKind::not_found;
    if (!is_answer) {
      complain_(what + ": " + error.message());
    }
    return {std::nullopt, !is_answer};
  }
}

Asked<V1Tags> PullThrough::tags(const std::string& name) {
  auto asked = guarded("asking the mirror's source for the tags of " + name,
                       [&] { return std::optional(source_().open(name)->tags()); });
  const auto& tags = asked.value;
  {
    const std::lock_guard lock(mutex_);
    last_name_ = name;
    if (tags) {
      known_tags_.put(name, *tags);
    }
  }
  if (!tags) {
    return asked;
  }
  for (const auto& [tag, id] : *tags) {
    if (id) {
      remember(*id, name);
    }
  }
  store_complete_tags(name, *tags);
  return asked;
}

Asked<std::vector<std::string>> PullThrough::search(const std::string& term) {
  return guarded("searching the mirror's source", [&] {
    std::optional<std::vector<std::string>> names;
    if (const auto hits = source_().search(term)) {
      names.emplace();
      for (const auto& hit : *hits) {
        names->push_back(full_name(hit.name));
      }
    }
    return names;
  });
}

/// The repository that named the image, or else the repository that was asked for last.
std::string PullThrough::repository_of(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto* found = names_.find(id);
  return found != nullptr ? *found : last_name_;
}

std::unique_ptr<V1Repository> PullThrough::open_repository_of(const std::string& id) {
  const auto name = repository_of(id);
  return source_().open(name.empty() ? full_name("none") : name);
}

void PullThrough::remember(const std::string& id, const std::string& repository) {
  const std::lock_guard lock(mutex_);
  names_.put(id, repository);
}

Asked<V1Image> PullThrough::find_image(const std::string& id, const Request& request) {
  if (!is_v1_id(id)) {
    return {};
  }
  auto asked = guarded("asking the mirror's source for image " + short_id(id), [&] {
    auto found = open_repository_of(id)->find_image(id);
    const auto parent = found ? parse_v1_image(found->json).parent : std::nullopt;
    if (parent) {
      remember(*parent, repository_of(id));
    }
    return found;
  });
  if (asked.value && asked.value->json_candidates.size() > 1) {
    // The original JSON is known only when the layer has been fetched.
    return guarded("fetching the layer that tells the JSON of " + short_id(id), [&] {
      find_or_start(id)->wait_for_end(request);
      return storage_->find_image(id);
    });
  }
  return asked;
}

Asked<std::vector<std::string>> PullThrough::ancestry(const std::string& id) {
  auto asked = guarded("asking the mirror's source for the ancestry of " + short_id(id),
                       [&] { return open_repository_of(id)->ancestry(id); });
  for (const auto& below : asked.value.value_or(std::vector<std::string>())) {
    remember(below, repository_of(id));
  }
  return asked;
}

std::optional<Response> PullThrough::open_layer(const std::string& id, const Request& request) {
  const auto fetch = find_or_start(id);
  try {
    fetch->wait_for_bytes(request);
  } catch (const Error& error) { // the operator has been told already
    request.check_wanted();
    return error.kind() == ErrorKind::not_found
               ? std::nullopt
               : std::optional(error_response(502, "the mirror's source does not give the layer"));
  }
  Response response;
  response.headers = {{"Content-Type", "application/octet-stream"}};
  make_cacheable(response, "");
  response.stream = fetch->open();
  response.stream_bytes = fetch->size_bytes();
  return response;
}

Asked<PullThrough::Adopted> PullThrough::adopt(const std::string& id) {
  if (!is_v1_id(id)) {
    return {};
  }
  return guarded("asking the mirror's source for image " + short_id(id),
                 [&] { return put_json_with_parents(*open_repository_of(id), id); });
}

bool PullThrough::is_busy() const {
  const std::lock_guard lock(mutex_);
  return !fetches_.empty();
}

std::shared_ptr<Fetch> PullThrough::find_or_start(const std::string& id) {
  join_ended();
  const std::lock_guard lock(mutex_);
  if (const auto found = fetches_.find(id); found != fetches_.end()) {
    return found->second.fetch;
  }
  if (fetches_.size() == k_most_fetches) { // including those that no client waits for any more
    throw Error(ErrorKind::unavailable,
                "too many layers are being fetched from the mirror's source");
  }
  auto fetch = std::make_shared<Fetch>(id);
  ended_.reserve(ended_.size() + fetches_.size() + 1); // so that end() does not allocate
  auto& running = fetches_[id];
  running.fetch = fetch;
  try {
    running.thread = std::thread([this, fetch] { run(fetch); }); // run() waits for `mutex_`
  } catch (const std::system_error& error) {
    fetches_.erase(id);
    throw Error(ErrorKind::unavailable,
                std::string("no thread can be started: ") + error.code().message());
  }
  return fetch;
}

void PullThrough::run(const std::shared_ptr<Fetch>& fetch) noexcept {
  try {
    fetch_layer(*fetch);
    fetch->succeed();
    guarded("storing tags", [&] {
      auto all = known_tags();
      for (const auto& [name, tags] : all) {
        store_complete_tags(name, tags);
      }
      return std::optional(std::move(all));
    });
    end(fetch->id());
    return;
  } catch (const Error& error) {
    try {
      if (error.kind() != ErrorKind::not_found) {
        complain_("fetching image " + short_id(fetch->id()) + ": " + error.message());
      }
    } catch (...) { // out of memory for the message
    }
    end(fetch->id()); // first, so that the next request starts a new fetch
    fetch->fail(std::current_exception());
  } catch (...) {
    end(fetch->id());
    fetch->fail(std::current_exception());
  }
}

/// Marks the calling thread's fetch of an image as ended.
void PullThrough::end(const std::string& id) noexcept {
  const std::lock_guard lock(mutex_);
  if (const auto found = fetches_.find(id); found != fetches_.end()) { // else in the destructor
    ended_.push_back(std::move(found->second.thread));
    fetches_.erase(found);
  }
}

void PullThrough::join_ended() {
  std::vector<std::thread> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  for (auto& thread : ended) {
    thread.join();
  }
}

/// Stores the JSON of an image and, before it, the JSONs of missing ancestors. They are marked as
/// uploads until their layers are fetched.
std::optional<PullThrough::Adopted> PullThrough::put_json_with_parents(V1Repository& source,
                                                                       const std::string& id) {
  std::vector<V1Image> missing; // child first
  bool is_whole = true;
  const bool has_end = walk_parents(id, [&](const std::string& next) {
    std::optional<std::string> parent;
    if (next == id || !storage_->image_json(next)) {
      auto image = source.find_image(next);
      is_whole = image.has_value();
      if (image) {
        parent = parse_v1_image(image->json).parent;
        missing.push_back(std::move(*image));
      }
    }
    return parent;
  });
  if (!is_whole || !has_end) {
    return std::nullopt;
  }
  while (!missing.empty()) {
    const auto writer = storage_->write_image(missing.back().id, k_writer_patience);
    if (!writer) {
      return std::nullopt;
    }
    if (writer->state() != V1ImageState::complete) {
      if (!writer->claim()) {
        continue; // another process was faster: it is waited for
      }
      const auto outcome = writer->put_json(missing.back().json);
      if (outcome == V1Storage::ImageWriter::JsonOutcome::no_parent) {
        return std::nullopt;
      } // overtaken: it is complete
    }
    missing.pop_back();
  }
  return Adopted::whole;
}

void PullThrough::fetch_layer(Fetch& fetch) {
  const auto& id = fetch.id();
  const auto source = open_repository_of(id);
  const auto image = source->find_image(id);
  if (!image || !put_json_with_parents(*source, id)) {
    throw Error(ErrorKind::not_found, "image " + short_id(id) + " is not at the mirror's source");
  }
  const auto no_checksum =
      "the mirror's source tells no checksum of the layer of image " + short_id(id);
  if (!has_checksum(*image) && unproven_ == Unproven::refused) {
    throw Error(ErrorKind::integrity, no_checksum + ", and --require-checksum is given");
  }
  const auto writer = storage_->write_image(id, k_writer_patience);
  auto layer = writer ? writer->start_layer() : nullptr;
  if (!layer) {
    throw Error(ErrorKind::unavailable, "another client is writing the image");
  }
  const auto bytes = source->open_layer(*image, LayerCheck::verify);
  ReadableLayer readable(*layer);
  fetch.start(readable.open(), image->layer_size_bytes);
  std::vector<std::byte> buffer(k_buffer_bytes);
  while (const auto n = bytes->read(buffer)) {
    readable.write(std::span(buffer).first(n));
    fetch.advance(layer->size_bytes());
  }
  if (writer->state() == V1ImageState::complete) {
    return; // a client has pushed it meanwhile
  }
  if (bytes->original_json() != image->json) { // re-encoded; the checksum is of the original
    if (writer->put_json(bytes->original_json()) != V1Storage::ImageWriter::JsonOutcome::stored) {
      throw Error(ErrorKind::unavailable, "another client has changed the image or its parent");
    }
    layer = writer->start_layer();
    pump(*readable.reread(), *layer);
  }
  layer->commit();
  writer->complete();
  if (!has_checksum(*image)) {
    complain_(no_checksum + ": it is whole, and nothing proves that it is as it was pushed");
  }
}

std::vector<std::pair<std::string, V1Tags>> PullThrough::known_tags() const {
  const std::lock_guard lock(mutex_);
  return {known_tags_.entries().begin(), known_tags_.entries().end()};
}

void PullThrough::store_complete_tags(const std::string& name, const V1Tags& tags) {
  const auto is_here = [&](const std::string& id) {
    const auto chain = storage_->chain(id);
    return chain && std::all_of(chain->begin(), chain->end(), [&](const std::string& member) {
             return storage_->image_state(member) == V1ImageState::complete;
           });
  };
  for (const auto& [tag, id] : tags) {
    if (id && storage_->find_tag(name, tag) != id &&
        storage_->image_state(*id) == V1ImageState::complete && is_here(*id)) {
      storage_->put_tag(name, tag, *id, tag_properties());
      on_new_repository_(name);
    }
  }
}

} // namespace regctl::server
