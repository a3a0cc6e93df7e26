-- several aggregates
-- engine: direct

SELECT count(*), sum(riders), avg(distance), min(fare), max(started) FROM trips

-- rows of all
-- [900,2663,5.002156235011993,"-1.25","2026-03-04 23:46:49.0"]
-- rows of newest
-- [542,1630,5.164139525691698,"-1.25","2026-03-04 23:29:03.0"]
