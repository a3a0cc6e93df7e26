-- several aggregates
-- engine: direct

SELECT count(*), sum(riders), avg(distance), min(fare), max(started) FROM trips

-- rows of all
-- [900,2721,4.919399759903963,"-1.25","2026-03-04 23:31:38.0"]
-- rows of newest
-- [533,1624,5.201483166332665,"-1.25","2026-03-04 23:29:03.0"]
