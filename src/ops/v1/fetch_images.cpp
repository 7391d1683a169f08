// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/fetch_images.hpp"

#include "ops/places/open.hpp"
#include "ops/v1/image_graph.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/ops/places/names.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace regctl::ops {

namespace {

using Index = ImageGraph::Index;

/// Whether the image itself lacks something that another place may have.
bool is_wanting(const ImageGraph::Image& image) {
  switch (image.own) {
  case Verdict::dead_upload:
  case Verdict::unreadable:
  case Verdict::checksum_wrong:
  case Verdict::layer_damaged:
  case Verdict::layer_cut:
  case Verdict::layer_missing:
  case Verdict::json_damaged:
    return true;
  default:
    return !image.is_there;
  }
}

class ImageFetch {
public:
  ImageFetch(Session& session, V1Storage& storage, const RepairOptions& options,
             const std::function<void(const RepairAct&)>& on_act, RepairReport& report)
      : session_(session), storage_(storage), options_(options), on_act_(on_act), report_(report) {}

  void run() {
    const auto listed = storage_.snapshot();
    const auto store = make_audit_store(listed, std::nullopt);
    graph_.read(session_, *store, {.deep = true}, std::nullopt);
    for (const auto& tag : graph_.tags()) {
      if (tag.image != ImageGraph::k_none) {
        bring_chain(graph_.images()[tag.image].id.text(), graph_.repositories()[tag.repository]);
      }
    }
  }

private:
  /// Brings what is damaged or missing of a tag's chain, base first.
  void bring_chain(const std::string& id, const std::string& repository) {
    std::vector<std::pair<std::string, std::string>> wanted; // with the reason
    walk_parents(id, [&](const std::string& next) -> std::optional<std::string> {
      if (!seen_.insert(next).second) {
        return std::nullopt; // with all below it
      }
      const auto index = graph_.find(next);
      const bool is_known = index != ImageGraph::k_none;
      const bool is_there = is_known && graph_.images()[index].is_there;
      if (is_there && !is_wanting(graph_.images()[index])) {
        return parent_here(next);
      }
      wanted.emplace_back(next, is_there ? std::string(to_string(graph_.images()[index].own))
                                         : "not there");
      const auto parent = parent_there(next, repository);
      return parent ? parent : recorded_parent(id, next);
    });
    for (auto one = wanted.rbegin(); one != wanted.rend(); ++one) {
      bring(one->first, one->second, repository);
    }
  }

  [[nodiscard]] std::optional<std::string> parent_here(const std::string& id) const {
    const auto json = storage_.image_json(id);
    return json ? parse_v1_image(*json).parent : std::nullopt;
  }

  /// Of an image that is damaged here. Nothing too if the other place cannot tell: bring() will say
  /// why.
  std::optional<std::string> parent_there(const std::string& id, const std::string& repository) {
    try {
      const auto answer = source_for(repository).look_up(id);
      return answer.state == V1ImageState::complete ? parse_v1_image(answer.image.json).parent
                                                    : std::nullopt;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        throw;
      }
      return std::nullopt;
    }
  }

  /// What the list of the chain's images, which `top` has, puts below `id`.
  [[nodiscard]] std::optional<std::string> recorded_parent(const std::string& top,
                                                           const std::string& id) const {
    const auto chain = storage_.ancestry(top).value_or(std::vector<std::string>());
    auto found = std::find(chain.begin(), chain.end(), id);
    return found != chain.end() && ++found != chain.end() ? std::optional(*found) : std::nullopt;
  }

  void bring(const std::string& id, const std::string& why, const std::string& repository) {
    try {
      auto& source = source_for(repository);
      const auto image = source.find_image(id);
      if (!image) {
        throw Error(ErrorKind::not_found, "it is not in " + source.describe());
      }
      if (!options_.dry_run && !write(*image, source)) {
        session_.progress().note("image " + short_id(id) + " is being written; left alone");
        ++report_.left_alone;
        return;
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::local_io) {
        throw;
      }
      session_.progress().note("image " + short_id(id) + " (" + why +
                               ") could not be fetched: " + error.message());
      ++report_.not_fetched;
      return;
    }
    ++report_.acts;
    on_act_({RepairAct::Kind::fetch_image, id, "", "", why});
  }

  /// The image as it has to be: with the JSON and the checksums that are recorded here, if they are
  /// sound.
  [[nodiscard]] V1Image expected(const V1Image& image) const {
    const auto index = graph_.find(image.id);
    const bool has_json = index != ImageGraph::k_none && graph_.images()[index].is_there &&
                          graph_.images()[index].own != Verdict::json_damaged;
    const auto json = has_json ? storage_.image_json(image.id) : std::nullopt;
    auto wanted = image;
    if (json) {
      wanted.json = *json;
      wanted.json_candidates.clear();
      const auto sums = storage_.checksums(image.id);
      wanted.payload_checksums = sums.empty() ? image.payload_checksums : sums;
    }
    return wanted;
  }

  /// False if another process is writing the image.
  bool write(const V1Image& image, V1Repository& source) {
    auto wanted = expected(image);
    const auto task =
        session_.progress().begin(image.id, Progress::Verb::copying, image.layer_size_bytes);
    try {
      const bool is_written = send(image, wanted, source, task);
      session_.progress().finish(task);
      return is_written;
    } catch (...) {
      session_.progress().fail(task);
      throw;
    }
  }

  bool send(const V1Image& image, V1Image& wanted, V1Repository& source, Progress::Task task) {
    const auto writer = storage_.write_image(image.id, std::chrono::milliseconds(0));
    if (!writer || !writer->claim()) {
      return false;
    }
    try {
      replace(image, wanted, source, task, *writer);
    } catch (...) {
      writer->release(); // what is damaged is not to count as an upload besides
      throw;
    }
    return true;
  }

  void replace(const V1Image& image, V1Image& wanted, V1Repository& source, Progress::Task task,
               V1Storage::ImageWriter& writer) {
    const auto open = [&] {
      auto bytes = make_tap_source(source.open_layer(image, LayerCheck::none),
                                   [&](std::span<const std::byte> piece) {
                                     session_.progress().advance(task, piece.size());
                                   });
      return make_layer_source(std::move(bytes), wanted, LayerCheck::verify,
                               {"layer of image " + short_id(image.id), source.describe()},
                               [](const std::string&) {});
    };
    if (storage_.image_json(image.id) != wanted.json) {
      const auto layer = open(); // first to know the JSON that its checksum is of
      drain(*layer);
      wanted.json = layer->original_json();
      wanted.json_candidates.clear();
      put_json(writer, wanted.json);
    }
    const auto verified = open();
    const auto layer = writer.start_layer();
    pump(*verified, *layer);
    put_json(writer, wanted.json); // marks it: only now something is replaced
    layer->commit();
    writer.complete();
  }

  static void put_json(V1Storage::ImageWriter& writer, const std::string& json) {
    switch (writer.put_json(json)) {
    case V1Storage::ImageWriter::JsonOutcome::no_parent:
      throw Error(ErrorKind::not_found, "its parent is not whole");
    case V1Storage::ImageWriter::JsonOutcome::overtaken:
      throw Error(ErrorKind::unavailable, "another process has just written it");
    case V1Storage::ImageWriter::JsonOutcome::stored:
      break;
    }
  }

  /// The repository of the other place that belongs to one of the tree.
  V1Repository& source_for(const std::string& repository) {
    const auto& from = *options_.from;
    auto& source = sources_[from.host ? repository : ""];
    if (!source) {
      source =
          open_repository(session_, from.host ? at_registry(*from.host, repository) : *from.place);
    }
    return *source;
  }

  [[nodiscard]] Place at_registry(const RegistryHost& host, const std::string& repository) const {
    Place place;
    place.kind = Place::Kind::registry;
    place.protocol = host.protocol;
    place.reference =
        Reference::parse(host.host + "/" + with_namespace(options_.from->name_space, repository));
    return place;
  }

  Session& session_;
  V1Storage& storage_;
  const RepairOptions& options_;
  const std::function<void(const RepairAct&)>& on_act_;
  RepairReport& report_;
  ImageGraph graph_;
  std::set<std::string> seen_;
  std::map<std::string, std::unique_ptr<V1Repository>> sources_; // by the tree's repository
};

} // namespace

void fetch_images(Session& session, V1Storage& storage, const RepairOptions& options,
                  const std::function<void(const RepairAct&)>& on_act, RepairReport& report) {
  ImageFetch(session, storage, options, on_act, report).run();
}

} // namespace regctl::ops
