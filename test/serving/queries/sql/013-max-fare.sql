-- max fare
-- engine: direct

SELECT max(fare) FROM trips

-- rows of all
-- ["99.76"]
-- rows of newest
-- ["99.59"]
