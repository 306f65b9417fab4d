import type { InboundMessage } from "@saltgate/channel";
import { type Fields, fieldsIn, given, integerIn, numberIn, textIn } from "../reading.ts";

/** Reads a place: a pin, a live location, or a venue with its name. */
export function locationOf(message: Fields): InboundMessage["location"] {
  const venue = fieldsIn(message["venue"]);
  const place = fieldsIn(venue?.["location"]) ?? fieldsIn(message["location"]);
  const latitude = numberIn(place?.["latitude"]);
  const longitude = numberIn(place?.["longitude"]);
  if (place === undefined || latitude === undefined || longitude === undefined) return undefined;
  return {
    latitude,
    longitude,
    ...given({
      accuracyM: numberIn(place["horizontal_accuracy"]),
      name: textIn(venue?.["title"]),
      address: textIn(venue?.["address"]),
      isLive: integerIn(place["live_period"]) === undefined ? undefined : true,
    }),
  };
}
