-- where int in list
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders IN (1, 4)

-- rows of all
-- [356,101141]
-- rows of newest
-- [214,61616]
