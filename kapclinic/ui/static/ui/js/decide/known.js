// What a prescriber needs to know of one client and course beside the thing itself.
import { all, get } from "../core/api.js";
import { zoneOf } from "../care/loaded.js";

/** Who it is and how the course stands. */
export async function aboutOf({ client, program }) {
  const [banner, course, timeline, medicines, screenings] = await Promise.all([
    get(`clients/${client}/banner/`),
    get(`programs/${program}/`),
    get(`programs/${program}/timeline/`),
    all("medications/", { client, active: "true" }),
    all("screenings/", { client }, 100),
  ]);
  const protocol = await get(`protocols/${course.protocol}/`);
  return { client, banner, program: course, protocol, timeline, medicines, screenings, zone: zoneOf(course) };
}
